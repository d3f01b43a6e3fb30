package livemap

import (
	"slices"
	"strconv"

	"yourticket.example/internal/redis"
)

// frame is one or more server-sent events, encoded once for everybody. The
// client that has read it has the map of version to.
type frame struct {
	to   version
	data []byte
}

// heartbeat is a comment, which clients skip and proxies count as life.
const heartbeat = ": still here\n\n"

// encodeSnapshot writes the event "snapshot".
func encodeSnapshot(v version, seats string) []byte {
	id := v.String()
	b := make([]byte, 0, len(seats)+2*len(id)+64)
	b = append(b, "id: "...)
	b = append(b, id...)
	b = append(b, "\nevent: snapshot\ndata: "...)
	b = appendMap(b, id, seats)
	return append(b, "\n\n"...)
}

// appendMap writes the availability answer by hand: seats are letters only, and
// a stadium has fifty thousand of them.
func appendMap(b []byte, id, seats string) []byte {
	b = append(b, `{"version":"`...)
	b = append(b, id...)
	b = append(b, `","seats":"`...)
	b = append(b, seats...)
	return append(b, `"}`...)
}

// encodeDelta writes the event "delta" for the given places, in the state that
// each has now.
func encodeDelta(v version, places []int, state func(place int) byte) []byte {
	id := v.String()
	b := make([]byte, 0, 12*len(places)+2*len(id)+64)
	b = append(b, "id: "...)
	b = append(b, id...)
	b = append(b, "\nevent: delta\ndata: {\"version\":\""...)
	b = append(b, id...)
	b = append(b, `","changes":[`...)
	for i, place := range places {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(place), 10)
		b = append(b, ',', '"', state(place), '"', ']')
	}
	return append(b, "]}\n\n"...)
}

// coalesce gives the frame of several changes in their order: each place once,
// in its last state. It must not leave out a place that came back to where it
// began; see the package comment.
func coalesce(to version, list []redis.Change) []byte {
	last := map[int]byte{}
	for _, c := range list {
		for _, place := range c.Seats {
			last[place] = byte(c.State)
		}
	}
	places := make([]int, 0, len(last))
	for place := range last {
		places = append(places, place)
	}
	slices.Sort(places)
	return encodeDelta(to, places, func(place int) byte { return last[place] })
}
