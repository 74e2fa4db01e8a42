package dev.weir.cluster.ledger;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A data source that can be told to fail: to refuse connections, to lose commits, or to lose their answers. */
final class Moody {

    private final DataSource source;
    private final AtomicInteger commits = new AtomicInteger();
    private volatile boolean down;
    private volatile int losesEvery;
    private volatile int hidesEvery;
    private volatile int dieAfter = Integer.MAX_VALUE;
    private volatile Runnable atCommit = () -> {};

    Moody(DataSource source) {
        this.source = source;
    }

    void down(boolean now) {
        down = now;
    }

    /** Every so many-th commit is not done and says so. */
    void losesEvery(int commit) {
        losesEvery = commit;
    }

    /** Every so many-th commit is done and says that it failed. */
    void hidesEvery(int commit) {
        hidesEvery = commit;
    }

    /** After so many more commits, nothing works any more. */
    void dieAfter(int more) {
        dieAfter = commits.get() + more;
    }

    /** To be done before each commit. */
    void atCommit(Runnable first) {
        atCommit = first;
    }

    void live() {
        dieAfter = Integer.MAX_VALUE;
        down = false;
    }

    DataSource asDataSource() {
        return proxy(DataSource.class, (method, args) -> {
            if (method.getName().equals("getConnection")) {
                if (down || commits.get() >= dieAfter) {
                    throw new SQLException("no connection today");
                }
                return connection(source.getConnection());
            }
            return method.invoke(source, args);
        });
    }

    private Connection connection(Connection real) {
        return proxy(Connection.class, (method, args) -> {
            if (method.getName().equals("commit")) {
                commit(real);
                return null;
            }
            return method.invoke(real, args);
        });
    }

    private void commit(Connection real) throws SQLException {
        atCommit.run();
        int number = commits.incrementAndGet();
        if (losesEvery > 0 && number % losesEvery == 0) {
            throw new SQLException("the commit was lost");
        }
        real.commit();
        if (hidesEvery > 0 && number % hidesEvery == 0) {
            throw new SQLException("the answer to the commit was lost");
        }
    }

    private interface Call {
        @Nullable
        Object run(Method method, @Nullable Object @Nullable [] args) throws ReflectiveOperationException, SQLException;
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(Proxy.newProxyInstance(
                Moody.class.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
                    try {
                        return call.run(method, args);
                    } catch (InvocationTargetException failure) {
                        throw failure.getTargetException();
                    }
                }));
    }
}
