// Package livemap shows seat maps as they change: to thousands who watch by
// server-sent events, and to those who poll.
//
// A Hub follows the events that somebody looks at. For each it keeps a feed: the
// map, its version, and a short log of frames, the bytes of server-sent events
// that lead from one version to the next. Once a tick it reads what has changed
// in all events it follows, coalesces the changes of an event into one frame,
// and lets a few writers send that same frame to everybody.
//
// Reading is by asking once a tick, not by a blocking XREAD: a blocking read
// needs a connection for each event (in a cluster one call cannot span slots),
// its answer would wait for the next tick all the same, and it cannot tell that
// the stream has lost its end. One pipelined call a tick serves any number of
// events over one connection to each node and makes sure, each time, that the
// version read last is still there.
//
// A client costs its socket and about a hundred bytes: connections are taken
// over from the HTTP server, written without blocking, and have neither a
// goroutine nor buffers. One that lags so far behind that the frames it missed
// were dropped from the log gets the whole map instead. HTTP/2, TLS and
// whatever cannot be taken over is served by a goroutine each, from the same
// frames.
//
// Versions are the ids of the event's stream in Redis, so that a client resumes
// in any process. A frame holds every place that changed after its first and up
// to its last version with the state it has in the end, also when that is the
// state it began with. Therefore a frame may be applied to the map of any
// version inside of its span, and it does not matter that processes tick at
// different times.
package livemap
