package dev.weir.perf.faults.scripts;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** A question, and what is done to have it answered. */
interface Script {

    /** Of the catalogue. */
    List<String> models();

    /** Nodes whose clocks it sets. */
    default List<Integer> clocks() {
        return List.of();
    }

    /**
     * Plays it, and judges what only this script can.
     *
     * @return what was seen, in a line
     */
    String play(Stage stage) throws IOException, InterruptedException, SQLException;
}
