package waitingroom_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yourticket.example/internal/waitingroom"
)

// numberOf is the definition in the package comment, written a second time and
// word for word, so that a change of one of the two does not go unseen.
func numberOf(seed []byte, n, entry uint64) uint64 {
	if entry > n {
		return entry
	}
	text := append([]byte("yourticket draw v1"), 0)
	text = append(text, seed...)
	key := sha256.Sum256(binary.BigEndian.AppendUint64(text, n))
	h := uint64(3)
	for uint64(math.Pow(4, float64(h))) <= n {
		h++
	}
	two := uint64(1) << h
	f := func(r int, x uint64) uint64 {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(append(key[:len(key):len(key)], byte(r)), x))
		return binary.BigEndian.Uint64(sum[:]) % two
	}
	v := entry - 1
	for {
		left, right := v/two, v%two
		for r := range 10 {
			left, right = right, left^f(r, right)
		}
		if v = left*two + right; v < n {
			return v + 1
		}
	}
}

func randomSeed(r *rand.Rand) []byte {
	seed := make([]byte, waitingroom.SeedSize)
	for i := 0; i < len(seed); i += 8 {
		binary.BigEndian.PutUint64(seed[i:], r.Uint64())
	}
	return seed
}

func TestNoNumberIsGivenTwiceAndNoneIsMissing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), waitingroom.SeedSize, waitingroom.SeedSize).Draw(t, "seed")
		n := rapid.OneOf(rapid.Int64Range(1, 70), rapid.Int64Range(1, 5000), rapid.Int64Range(1, 100_000)).Draw(t, "n")
		d := waitingroom.NewDraw(seed, n)
		seen := make([]bool, n+1)
		for entry := int64(1); entry <= n; entry++ {
			number := d.Number(entry)
			if number < 1 || number > n || seen[number] {
				t.Fatalf("entry %d of %d has number %d", entry, n, number)
			}
			seen[number] = true
			if back := d.Entry(number); back != entry {
				t.Fatalf("number %d leads back to entry %d, not %d", number, back, entry)
			}
		}
		late := n + rapid.Int64Range(1, 1000).Draw(t, "late")
		if d.Number(late) != late || d.Entry(late) != late {
			t.Fatalf("late entry %d has number %d", late, d.Number(late))
		}
	})
}

func TestDrawFollowsItsPublishedDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), waitingroom.SeedSize, waitingroom.SeedSize).Draw(t, "seed")
		n := rapid.OneOf(rapid.Int64Range(1, 100), rapid.Int64Range(1, 1<<40)).Draw(t, "n")
		entry := rapid.Int64Range(1, n+10).Draw(t, "entry")
		d := waitingroom.NewDraw(seed, n)
		if got, want := d.Number(entry), numberOf(seed, uint64(n), uint64(entry)); uint64(got) != want {
			t.Fatalf("entry %d of %d: %d, by the definition %d", entry, n, got, want)
		}
	})
}

// TestKnownDraw pins the definition: a change of it would make published draws
// unverifiable.
func TestKnownDraw(t *testing.T) {
	t.Parallel()
	seed, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	require.NoError(t, err)
	commitment := waitingroom.Commitment(seed)
	require.Equal(t, "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd", hex.EncodeToString(commitment[:]))
	require.True(t, waitingroom.Reveals(seed, commitment[:]))
	require.False(t, waitingroom.Reveals(seed[:31], commitment[:]))
	require.False(t, waitingroom.Reveals(append([]byte{1}, seed[1:]...), commitment[:]))
	for n, want := range map[int64][]int64{
		10:        {8, 7, 9, 2, 6, 4, 5, 10, 1, 3},
		1_000_000: {837759, 57648, 999208, 742009, 898714, 717399, 106062, 484945, 641261, 511628},
	} {
		d := waitingroom.NewDraw(seed, n)
		var got []int64
		for entry := int64(1); entry <= 10; entry++ {
			got = append(got, d.Number(entry))
		}
		require.Equal(t, want, got, "n = %d", n)
	}
}

// TestEveryPlaceIsEquallyLikely counts over many seeds which number an entry
// gets: chi-square must stay below what pure chance exceeds once in 10,000 times.
func TestEveryPlaceIsEquallyLikely(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	for _, n := range []int64{2, 3, 5, 10, 64, 100, 1000} {
		for _, entry := range []int64{1, (n + 1) / 2, n} {
			draws := max(4000, 40*int(n))
			counts := make([]int, n)
			for range draws {
				d := waitingroom.NewDraw(randomSeed(r), n)
				counts[d.Number(entry)-1]++
			}
			requireUniform(t, fmt.Sprintf("entry %d of %d", entry, n), counts)
		}
	}
}

// TestNeighboursAreNotLinked looks at one draw of a hundred thousand: how far
// entries are carried, and where the neighbour of an entry goes, must be as even
// as chance makes it.
func TestNeighboursAreNotLinked(t *testing.T) {
	t.Parallel()
	const n, cells = 100_000, 100
	r := rand.New(rand.NewPCG(3, 5))
	shift, pairs, blocks := make([]int, cells), make([]int, cells*cells), make([]int, cells*cells)
	d := waitingroom.NewDraw(randomSeed(r), n)
	for entry := int64(1); entry < n; entry++ {
		a, b := d.Number(entry)-1, d.Number(entry+1)-1
		shift[(a-entry+2*n)%n*cells/n]++
		pairs[a*cells/n*cells+b*cells/n]++
		blocks[(entry-1)*cells/n*cells+a*cells/n]++
	}
	requireUniform(t, "shift", shift)
	requireUniform(t, "pairs of neighbours", pairs)
	// Rows and columns of this table have fixed sums: (cells-1)² degrees of freedom.
	requireChiSquare(t, "early and late entries", blocks, (cells-1)*(cells-1))
}

// TestEveryOrderOfAFewIsEquallyLikely looks at whole orders, not single places.
func TestEveryOrderOfAFewIsEquallyLikely(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 17))
	orders := map[string]int{}
	for range 24 * 1000 {
		d := waitingroom.NewDraw(randomSeed(r), 4)
		orders[fmt.Sprint(d.Number(1), d.Number(2), d.Number(3), d.Number(4))]++
	}
	require.Len(t, orders, 24)
	var counts []int
	for _, n := range orders {
		counts = append(counts, n)
	}
	requireUniform(t, "orders of four", counts)
}

func requireUniform(t *testing.T, what string, counts []int) {
	t.Helper()
	requireChiSquare(t, what, counts, len(counts)-1)
}

func requireChiSquare(t *testing.T, what string, counts []int, freedom int) {
	t.Helper()
	total := 0
	for _, c := range counts {
		total += c
	}
	expected, chi := float64(total)/float64(len(counts)), 0.0
	for _, c := range counts {
		chi += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	// Wilson and Hilferty: the cube root of chi-square over its freedom is nearly normal.
	f := float64(freedom)
	z := (math.Cbrt(chi/f) - (1 - 2/(9*f))) / math.Sqrt(2/(9*f))
	require.Less(t, z, 3.72, "%s: chi-square %.1f at %d degrees of freedom", what, chi, freedom)
	require.Greater(t, z, -4.5, "%s: more even than chance, chi-square %.1f at %d", what, chi, freedom)
}

func BenchmarkNumber(b *testing.B) {
	for _, n := range []int64{100, 1_000_000, 1 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := waitingroom.NewDraw(make([]byte, waitingroom.SeedSize), n)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				d.Number(1 + i%n)
			}
		})
	}
}
