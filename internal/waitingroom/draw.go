package waitingroom

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"math"
)

// SeedSize is the length of a draw's seed in bytes.
const SeedSize = 32

const (
	drawLabel  = "yourticket draw v1\x00"
	drawRounds = 10
	// minHalf keeps the network of small draws wide enough to mix.
	minHalf = 3
)

// Commitment is what is published of a seed before the draw: its SHA-256.
func Commitment(seed []byte) [sha256.Size]byte { return sha256.Sum256(seed) }

// Reveals tells whether the seed is the one that was committed to.
func Reveals(seed, commitment []byte) bool {
	sum := Commitment(seed)
	return len(seed) == SeedSize && subtle.ConstantTimeCompare(sum[:], commitment) == 1
}

// Draw orders the first n entries of a waiting room; see the package comment for
// its exact definition. It is a value of 48 bytes, safe for concurrent use.
type Draw struct {
	key  [sha256.Size]byte
	n    uint64
	half uint
}

// NewDraw makes the draw of n entries under a seed. n is at most 2^56.
func NewDraw(seed []byte, n int64) Draw {
	d := Draw{n: uint64(max(0, n)), half: minHalf}
	text := binary.BigEndian.AppendUint64(append([]byte(drawLabel), seed...), d.n)
	d.key = sha256.Sum256(text)
	for uint64(1)<<(2*d.half) <= d.n {
		d.half++
	}
	return d
}

// Entries is the number of entries that were drawn.
func (d *Draw) Entries() int64 { return toInt(d.n) }

// Number gives the place of an entry: by the draw for the first n, the entry
// itself for those who came later. Entries count from 1.
func (d *Draw) Number(entry int64) int64 {
	if entry < 1 || uint64(entry) > d.n {
		return entry
	}
	v := uint64(entry - 1)
	for {
		if v = d.encipher(v); v < d.n {
			return toInt(v + 1)
		}
	}
}

// Entry gives the entry that has a number; it undoes Number.
func (d *Draw) Entry(number int64) int64 {
	if number < 1 || uint64(number) > d.n {
		return number
	}
	v := uint64(number - 1)
	for {
		if v = d.decipher(v); v < d.n {
			return toInt(v + 1)
		}
	}
}

func (d *Draw) encipher(v uint64) uint64 {
	left, right := v>>d.half, v&d.mask()
	for r := range byte(drawRounds) {
		left, right = right, left^d.mix(r, right)
	}
	return left<<d.half | right
}

func (d *Draw) decipher(v uint64) uint64 {
	left, right := v>>d.half, v&d.mask()
	for r := byte(drawRounds); r > 0; r-- {
		left, right = right^d.mix(r-1, left), left
	}
	return left<<d.half | right
}

// mix is the round function F: one block of SHA-256.
func (d *Draw) mix(round byte, x uint64) uint64 {
	var text [sha256.Size + 1 + 8]byte
	copy(text[:], d.key[:])
	text[sha256.Size] = round
	binary.BigEndian.PutUint64(text[sha256.Size+1:], x)
	sum := sha256.Sum256(text[:])
	return binary.BigEndian.Uint64(sum[:8]) & d.mask()
}

func (d *Draw) mask() uint64 { return uint64(1)<<d.half - 1 }

func toInt(v uint64) int64 { return int64(v & math.MaxInt64) }
