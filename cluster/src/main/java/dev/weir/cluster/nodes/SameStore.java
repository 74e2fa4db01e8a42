package dev.weir.cluster.nodes;

import com.typesafe.config.Config;
import java.util.List;
import org.apache.pekko.cluster.ConfigValidation;
import org.apache.pekko.cluster.JoinConfigCompatChecker;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Nodes of one cluster are over one store, which is asked before one joins. */
public final class SameStore extends JoinConfigCompatChecker {

    @Override
    public Seq<String> requiredKeys() {
        return CollectionConverters.asScala(List.of("weir.cluster.store")).toList();
    }

    @Override
    public ConfigValidation check(Config toCheck, Config actual) {
        return JoinConfigCompatChecker.fullMatch(requiredKeys(), toCheck, actual);
    }
}
