package dev.weir.gateway.admin;

import dev.weir.cluster.ledger.Ledger;
import dev.weir.gateway.door.Routes;

/** Temporary. */
public final class SpendRoutes {
    public SpendRoutes(AdminDesk desk, Ledger ledger) {}

    public void addTo(Routes.Builder routes) {}
}
