package dev.weir.gateway.door;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Lets pages of configured origins call from a browser; with none configured it does nothing. */
public final class Cors {

    private final List<String> origins;

    /** @param origins exact origins, or {@code *} */
    public Cors(List<String> origins) {
        this.origins = List.copyOf(origins);
    }

    boolean isPreflight(Inbound inbound) {
        return !origins.isEmpty()
                && inbound.method().equals("OPTIONS")
                && inbound.header("access-control-request-method").isPresent();
    }

    HttpResponse preflight(Inbound inbound) {
        HttpResponse response = HttpResponse.create().withStatus(204);
        if (allowed(inbound).isEmpty()) {
            return response;
        }
        List<HttpHeader> headers = new ArrayList<>();
        headers.add(RawHeader.create("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"));
        inbound.header("access-control-request-headers")
                .ifPresent(names -> headers.add(RawHeader.create("Access-Control-Allow-Headers", names)));
        headers.add(RawHeader.create("Access-Control-Max-Age", "600"));
        return response.addHeaders(headers);
    }

    HttpResponse allow(Inbound inbound, HttpResponse response) {
        return allowed(inbound)
                .map(origin -> response.addHeaders(List.of(
                        RawHeader.create("Access-Control-Allow-Origin", origin),
                        RawHeader.create("Access-Control-Expose-Headers", "*"),
                        RawHeader.create("Vary", "Origin"))))
                .orElse(response);
    }

    private Optional<String> allowed(Inbound inbound) {
        if (origins.isEmpty()) {
            return Optional.empty();
        }
        return inbound.header("origin")
                .filter(origin -> origins.contains("*") || origins.contains(origin))
                .map(origin -> origins.contains("*") ? "*" : origin);
    }
}
