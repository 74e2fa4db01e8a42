package dev.weir.streams.relay;

import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Event bytes for the client out: what a committed attempt relays, as fast as the client takes it and no faster.
 *
 * <p>It completes with the attempt; a failure of the upstream is bytes by then, never a failed stream. Cancelled, it
 * tells the attempt that the client has left.
 */
final class RelaySource extends GraphStage<SourceShape<ByteString>> {

    private final Outlet<ByteString> out = Outlet.create("RelaySource.out");
    private final SourceShape<ByteString> shape = SourceShape.of(out);
    private final Attempt attempt;

    RelaySource(Attempt attempt) {
        this.attempt = attempt;
    }

    @Override
    public SourceShape<ByteString> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    /** The attempt's way to wake the stage; safe to call after the stage has ended. */
    interface Wake {
        void wake();
    }

    private final class Logic extends GraphStageLogic {

        Logic() {
            super(shape);
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    give();
                }

                @Override
                public void onDownstreamFinish(Throwable cause) {
                    attempt.clientLeft();
                    completeStage();
                }
            });
        }

        @Override
        public void preStart() {
            AsyncCallback<Wake> woken = createAsyncCallback(wake -> give());
            attempt.outlet(new Wake() {
                @Override
                public void wake() {
                    woken.invoke(this);
                }
            });
        }

        private void give() {
            if (!isAvailable(out)) {
                return;
            }
            ByteString ready = attempt.outbox().take();
            if (ready.nonEmpty()) {
                push(out, ready);
            }
            if (attempt.outbox().isDrained()) {
                completeStage();
            } else if (ready.isEmpty()) {
                attempt.demand();
            }
        }

        @Override
        public void postStop() {
            attempt.outletStopped();
        }
    }
}
