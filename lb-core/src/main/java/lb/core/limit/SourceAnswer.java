package lb.core.limit;

/// What a [SourceTable] says to a new connection.
public sealed interface SourceAnswer permits Source, SourceAnswer.Without {

    /// Without a source that the connection would be counted for.
    enum Without implements SourceAnswer {
        /// The source has its most connections.
        TOO_MANY,
        /// The source's connections come too fast.
        TOO_FAST,
        /// All that the table has room for have connections: this source cannot be watched.
        UNTRACKED
    }
}
