// Package cdc is change capture: it keeps Elasticsearch in step with the
// catalogue database, and the catalogue's stock of each event in step with the
// sales shards, from the databases' own logs. `yourticket cdc` runs it.
//
// # What is read
//
// A source is a database that is followed through one replication slot. The
// stream says which events changed (their row, their venue, prices or stock)
// and at which position that was committed; it is not what documents are made
// of. The events are read again by id and their documents made of what is there
// now. So values that the log leaves out (TOAST), columns that are added later
// and joins need no care, and a thousand changes of one event cost one document.
//
// # Why nothing is lost and nothing comes back
//
// Every document is written with a version, which Elasticsearch compares
// (external_gte): a lower one never replaces a higher one. This always holds:
//
//	A document of version v includes every change that was committed at or before v.
//
// The version is the position up to which the stream was received when the
// event was read. The stream may be quicker than the commit itself, which tells
// the log first and other sessions afterwards; so the transaction in which the
// event is read has to see all the transactions that made it necessary, or it
// is begun again (postgres.View.Sees). A document copied from a snapshot has
// the position before that of the snapshot.
//
// And every change leads to a write of at least its own position before that
// position is confirmed to PostgreSQL, which sends it again otherwise. So in
// the end the highest version of each document is at least the position of the
// event's last change, and includes it. In what order writes arrive, how often,
// and from how many processes (one that was given up for dead may have a last
// write under way) makes no difference. Deletions are writes like any other.
// The same holds for an event's stock, whose version is the position on its
// shard, within a generation that begins when the shard's slot is made anew.
//
// # Building an index
//
// A new index is built when there is none, when its mapping is not this
// build's, when changes were missed because the slot was lost, and on request.
// It is filled from an exported snapshot while the stream goes on and writes to
// both indices, the old one which is still searched and the new one; versions
// settle which of snapshot and stream is newer. Then the alias is swapped, in a
// transaction that only the reader of the current epoch can make.
//
// # When something is away
//
// Without Elasticsearch the stream waits: nothing is confirmed, and PostgreSQL
// keeps the log. Without PostgreSQL the process tries again. A second process
// waits for the slot and takes over when the first has lost it. A document that
// Elasticsearch refuses for what is in it is recorded in search_rejects and
// holds nobody up.
package cdc
