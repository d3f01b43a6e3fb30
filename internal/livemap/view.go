package livemap

import "sync"

const (
	// logBytes is how much a feed's log may weigh, where the map is not heavier.
	logBytes = 64 << 10
	// logFrames bounds the log of a feed on which little but heartbeats happens.
	logFrames = 128
)

// view is a feed at a moment: the map, and the frames that led to it. It never
// changes, so that writers and handlers read it without a lock.
type view struct {
	tip   version // of the map
	base  version // of the map before the first frame
	seats string
	// first is the number of the first frame; frames are numbered for as long as
	// the feed lives.
	first    int
	frames   []frame
	snapshot func() []byte // encoded when the first client needs it
	answer   *Answer
}

func newView(tip, base version, seats string, first int, frames []frame) *view {
	v := &view{tip: tip, base: base, seats: seats, first: first, frames: frames}
	v.snapshot = sync.OnceValue(func() []byte { return encodeSnapshot(tip, seats) })
	v.answer = NewAnswer(tip.String(), seats)
	return v
}

// end is the number that the next frame will have.
func (v *view) end() int { return v.first + len(v.frames) }

// read gives what a client must be sent that has read all frames before the
// given number, and the number to read next. It gives nil when there is nothing
// new, and the whole map when the log does not reach back that far.
func (v *view) read(next int) (data []byte, then int, whole bool) {
	switch {
	case next >= v.end():
		return nil, next, false
	case next < v.first:
		return v.snapshot(), v.end(), true
	default:
		return v.frames[next-v.first].data, next + 1, false
	}
}

// known tells whether this process has itself seen the version, as the end of a
// frame or the beginning of the log, and which frame comes after it.
func (v *view) known(at version) (next int, ok bool) {
	if at == v.tip {
		return v.end(), true
	}
	if at == v.base {
		return v.after(at)
	}
	for i := range v.frames {
		if v.frames[i].to == at {
			return v.after(at)
		}
	}
	return 0, false
}

// after gives the first frame that leads beyond a version. False when the
// version is not inside of the log. Whether it is a version of this map at all
// is for the caller to know.
func (v *view) after(at version) (next int, ok bool) {
	if v.base.after(at) || at.after(v.tip) {
		return 0, false
	}
	for i := range v.frames {
		if v.frames[i].to.after(at) {
			return v.first + i, true
		}
	}
	return v.end(), true
}

// extend gives the view after one more frame. The oldest frames go once they
// weigh more than the map: whoever still needs them is better off with that.
func (v *view) extend(f frame, seats string) *view {
	frames := make([]frame, 0, len(v.frames)+1)
	frames = append(append(frames, v.frames...), f)
	weight, limit := 0, max(logBytes, len(seats))
	keep := len(frames)
	for keep > 0 && len(frames)-keep < logFrames && weight+len(frames[keep-1].data) <= limit {
		keep--
		weight += len(frames[keep].data)
	}
	keep = min(keep, len(frames)-1) // the newest frame stays, whatever it weighs
	base := v.base
	if keep > 0 {
		base = frames[keep-1].to
	}
	if f.to == v.tip { // a heartbeat: map, snapshot and answer stay as they are
		same := *v
		same.base, same.first, same.frames = base, v.first+keep, frames[keep:]
		return &same
	}
	return newView(f.to, base, seats, v.first+keep, frames[keep:])
}
