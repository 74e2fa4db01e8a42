package dev.weir.gateway;

import static dev.weir.gateway.DeployFiles.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** kubernetes.yaml against Kubernetes' own types, in which a field that is none is an error, and against its neighbours. */
class DeployKubernetesTest {

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.of(
            "v1 ConfigMap", ConfigMap.class,
            "v1 Secret", Secret.class,
            "v1 Service", Service.class,
            "apps/v1 StatefulSet", StatefulSet.class,
            "policy/v1 PodDisruptionBudget", PodDisruptionBudget.class,
            "networking.k8s.io/v1 NetworkPolicy", NetworkPolicy.class);

    /** The types keep what they do not know for whoever knows more; here nobody does. */
    private static final ObjectMapper STRICT = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated member) {
                    return false;
                }
            });

    private final List<HasMetadata> all = DeployFiles.yaml("kubernetes.yaml").stream()
            .map(DeployKubernetesTest::parsed)
            .toList();
    private final StatefulSet set = only(StatefulSet.class);
    private final PodSpec pod = set.getSpec().getTemplate().getSpec();
    private final Container weir = pod.getContainers().getFirst();
    private final Map<String, String> labels =
            set.getSpec().getTemplate().getMetadata().getLabels();

    private static HasMetadata parsed(JsonNode document) {
        String kind = document.path("apiVersion").asText() + " "
                + document.path("kind").asText();
        Class<? extends HasMetadata> type = KINDS.get(kind);
        assertThat(type).as(kind).isNotNull();
        return STRICT.convertValue(document, type);
    }

    private <T extends HasMetadata> T only(Class<T> type) {
        return all(type).findFirst().orElseThrow();
    }

    private <T extends HasMetadata> Stream<T> all(Class<T> type) {
        return all.stream().filter(type::isInstance).map(type::cast);
    }

    private Service service(String name) {
        return all(Service.class)
                .filter(each -> each.getMetadata().getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private int portNamed(String name) {
        return weir.getPorts().stream()
                .filter(port -> port.getName().equals(name))
                .findFirst()
                .orElseThrow()
                .getContainerPort();
    }

    @Test
    void everyFieldIsOneThatKubernetesKnows() {
        assertThat(all).hasSize(7);
        assertThat(all.stream().map(Object::getClass).distinct()).hasSize(KINDS.size());
        assertThat(all)
                .allSatisfy(
                        each -> assertThat(each.getMetadata().getNamespace()).isNull());
    }

    /** At every depth: otherwise the test above is about nothing. */
    @Test
    void aFieldThatIsNoneIsAnError() {
        for (String place : List.of("/spec", "/spec/template/spec", "/spec/template/spec/containers/0/livenessProbe")) {
            JsonNode document = DeployFiles.yaml("kubernetes.yaml").stream()
                    .filter(each -> each.path("kind").asText().equals("StatefulSet"))
                    .findFirst()
                    .orElseThrow();
            ((ObjectNode) document.at(place)).put("tpyo", 1);

            assertThatThrownBy(() -> parsed(document)).hasCauseInstanceOf(UnrecognizedPropertyException.class);
        }
    }

    @Test
    void itsConfigurationIsConfigYaml() {
        ConfigMap map = only(ConfigMap.class);

        assertThat(map.getData()).containsOnlyKeys("config.yaml").containsEntry("config.yaml", text("config.yaml"));
        assertThat(pod.getVolumes())
                .filteredOn(volume -> volume.getConfigMap() != null)
                .singleElement()
                .satisfies(volume -> assertThat(volume.getConfigMap().getName())
                        .isEqualTo(map.getMetadata().getName()));
    }

    @Test
    void theEnvironmentHasWhatTheConfigurationNames() {
        Secret secret = only(Secret.class);
        TreeSet<String> names = new TreeSet<>(secret.getStringData().keySet());
        weir.getEnv().forEach(variable -> names.add(variable.getName()));

        assertThat(weir.getEnvFrom())
                .singleElement()
                .satisfies(from -> assertThat(from.getSecretRef().getName())
                        .isEqualTo(secret.getMetadata().getName()));
        assertThat(names).containsAll(DeployFiles.variables());
        assertThat(secret.getStringData().values())
                .as("values of an example, with which a node must not start")
                .containsOnly("");
    }

    /** A variable in another one's value has to stand before it. */
    @Test
    void aNodeAdvertisesTheNameThatTheHeadlessServiceGivesIt() {
        List<EnvVar> environment = weir.getEnv();
        List<String> names = environment.stream().map(EnvVar::getName).toList();

        assertThat(environment.get(names.indexOf("WEIR_ADVERTISE")).getValue())
                .isEqualTo("$(POD_NAME)." + set.getSpec().getServiceName() + ".$(POD_NAMESPACE).svc");
        assertThat(names).containsSubsequence("POD_NAME", "POD_NAMESPACE", "WEIR_ADVERTISE");
        assertThat(environment.stream()
                        .filter(variable -> variable.getValueFrom() != null)
                        .collect(Collectors.toMap(
                                EnvVar::getName,
                                variable ->
                                        variable.getValueFrom().getFieldRef().getFieldPath())))
                .isEqualTo(Map.of("POD_NAME", "metadata.name", "POD_NAMESPACE", "metadata.namespace"));
    }

    @Test
    void nodesFindEachOtherBeforeTheyAreReady() {
        Service nodes = service(set.getSpec().getServiceName());

        assertThat(nodes.getSpec().getClusterIP()).isEqualTo("None");
        assertThat(nodes.getSpec().getPublishNotReadyAddresses()).isTrue();
        assertThat(nodes.getSpec().getPorts())
                .singleElement()
                .satisfies(port -> assertThat(port.getPort()).isEqualTo(DeployFiles.port("cluster")));
        assertThat(set.getSpec().getPodManagementPolicy()).isEqualTo("Parallel");
        assertThat(set.getSpec().getReplicas()).isEqualTo(3);
    }

    @Test
    void portsAreTheConfigurations() {
        assertThat(weir.getPorts().stream()
                        .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort)))
                .isEqualTo(Map.of(
                        "http", DeployFiles.port("server"),
                        "management", DeployFiles.port("management"),
                        "artery", DeployFiles.port("cluster")));
        assertThat(all(Service.class).flatMap(each -> each.getSpec().getPorts().stream()))
                .hasSize(2)
                .allSatisfy(port ->
                        assertThat(portNamed(port.getTargetPort().getStrVal())).isEqualTo(port.getPort()));
        assertThat(service("weir").getSpec().getPublishNotReadyAddresses()).isNull();
        assertThat(set.getSpec().getTemplate().getMetadata().getAnnotations())
                .containsEntry("prometheus.io/port", Integer.toString(DeployFiles.port("management")))
                .containsEntry("prometheus.io/path", "/metrics");
    }

    @Test
    void whatSelectsSelectsTheNodes() {
        List<Map<String, String>> selectors = new ArrayList<>();
        selectors.add(set.getSpec().getSelector().getMatchLabels());
        all(Service.class).forEach(each -> selectors.add(each.getSpec().getSelector()));
        selectors.add(only(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels());
        selectors.add(only(NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels());
        pod.getTopologySpreadConstraints()
                .forEach(each -> selectors.add(each.getLabelSelector().getMatchLabels()));

        assertThat(selectors).hasSize(7).allSatisfy(selector -> {
            assertThat(selector).isNotEmpty();
            assertThat(labels).containsAllEntriesOf(selector);
        });
    }

    @Test
    void aStopHasItsTime() {
        assertThat(Duration.ofSeconds(pod.getTerminationGracePeriodSeconds())).isGreaterThan(DeployFiles.stop());
        assertThat(weir.getLifecycle()).isNull();
        assertThat(only(PodDisruptionBudget.class).getSpec().getMaxUnavailable().getIntVal())
                .isEqualTo(1);
    }

    @Test
    void probesAskForWhatIsThere() {
        for (Probe probe : List.of(weir.getStartupProbe(), weir.getLivenessProbe())) {
            assertThat(probe.getHttpGet().getPath()).isEqualTo("/health/liveliness");
            assertThat(portNamed(probe.getHttpGet().getPort().getStrVal())).isEqualTo(DeployFiles.port("management"));
        }
        Probe readiness = weir.getReadinessProbe();
        assertThat(readiness.getHttpGet().getPath()).isEqualTo("/health/readiness");
        assertThat(portNamed(readiness.getHttpGet().getPort().getStrVal())).isEqualTo(DeployFiles.port("management"));
    }

    @Test
    void whatIsMountedIsThereAndWhereTheImageLooks() {
        List<String> volumes =
                new ArrayList<>(pod.getVolumes().stream().map(Volume::getName).toList());
        List<PersistentVolumeClaim> claims = set.getSpec().getVolumeClaimTemplates();
        claims.forEach(claim -> volumes.add(claim.getMetadata().getName()));
        Map<String, String> mounts = weir.getVolumeMounts().stream()
                .collect(Collectors.toMap(VolumeMount::getMountPath, VolumeMount::getName));

        assertThat(mounts.values()).containsExactlyInAnyOrderElementsOf(volumes);
        assertThat(claims)
                .singleElement()
                .satisfies(claim -> assertThat(mounts)
                        .containsEntry(
                                DeployTest.Image.DATA, claim.getMetadata().getName()));
        assertThat(mounts).containsKeys("/etc/weir", "/tmp");
        assertThat(DeployTest.Image.CONFIG).startsWith("/etc/weir/");
        assertThat(weir.getArgs()).as("the image's own").isEmpty();
    }

    @Test
    void aNodeIsNobody() {
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(text("Dockerfile"))
                .contains("USER " + pod.getSecurityContext().getRunAsUser() + ":"
                        + pod.getSecurityContext().getRunAsGroup() + "\n");
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getEnableServiceLinks()).isFalse();
        assertThat(weir.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(weir.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(weir.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    }

    /** Heap and buffers of the launcher's defaults, with half of it for the JVM itself. */
    @Test
    void aNodeHasTheMemoryThatItMayTake() {
        ResourceRequirements resources = weir.getResources();

        assertThat(resources.getLimits())
                .containsOnlyKeys("memory")
                .allSatisfy(
                        (name, limit) -> assertThat(limit.getNumericalAmount().longValueExact())
                                .isGreaterThanOrEqualTo((512 + 512 + 512) << 20));
        assertThat(resources.getRequests())
                .hasEntrySatisfying(
                        "cpu",
                        cpu -> assertThat(weir.getEnv())
                                .filteredOn(variable -> variable.getName().equals("WEIR_JAVA_OPTS"))
                                .singleElement()
                                .satisfies(options -> assertThat(options.getValue())
                                        .contains("-XX:ActiveProcessorCount=" + cpu.getAmount() + " ")));
    }

    /** A rule that names no port opens all of them, and one that names nobody lets in everybody. */
    @Test
    void onlyNodesReachTheNodesPort() {
        List<NetworkPolicyIngressRule> rules =
                only(NetworkPolicy.class).getSpec().getIngress();

        assertThat(only(NetworkPolicy.class).getSpec().getPolicyTypes()).containsExactly("Ingress");
        assertThat(rules)
                .allSatisfy(rule -> assertThat(rule.getPorts()).isNotEmpty())
                .flatExtracting(NetworkPolicyIngressRule::getPorts)
                .extracting(port -> port.getPort().getStrVal())
                .containsExactlyInAnyOrder("artery", "http", "management");
        assertThat(rules)
                .filteredOn(rule -> rule.getPorts().stream()
                        .anyMatch(port -> port.getPort().getStrVal().equals("artery")))
                .singleElement()
                .satisfies(rule -> assertThat(rule.getFrom()).singleElement().satisfies(peer -> {
                    assertThat(peer.getPodSelector().getMatchLabels()).isEqualTo(labels);
                    assertThat(peer.getNamespaceSelector()).isNull();
                    assertThat(peer.getIpBlock()).isNull();
                }));
    }
}
