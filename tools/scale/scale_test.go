package main

import (
	"bytes"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func opened(t *testing.T) *model {
	t.Helper()
	m, err := open()
	require.NoError(t, err)
	return m
}

func TestErlangCIsThatOfTheBooks(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 0.5, erlangC(1, 0.5), 1e-12, "one server: the chance to wait is how busy it is")
	require.InDelta(t, 1.0/3, erlangC(2, 1), 1e-12)
	require.InDelta(t, 0.4092, erlangC(10, 8), 1e-4)
	require.InDelta(t, 1, erlangC(3, 3), 0)
	p := pool{Servers: 1, Rate: 50, MeanMs: 10} // M/M/1: P(W > t) = ρ·exp(−(µ−λ)t)
	require.InDelta(t, math.Log(50)*20, p.waitP99(), 1e-9)
	require.True(t, math.IsInf(pool{Servers: 1, Rate: 100, MeanMs: 10}.waitP99(), 1))
}

func TestSimulationAgreesWithArithmetic(t *testing.T) {
	t.Parallel()
	for _, p := range []pool{{Servers: 1, Rate: 50, MeanMs: 10}, {Servers: 8, Rate: 500, MeanMs: 10}, {Servers: 100, Rate: 6000, MeanMs: 10}} {
		s := p.simulate(200_000, 7)
		require.InDelta(t, p.busy(), s.Busy, 0.01)
	}
	// With services of one length varying little the waiting of one server is known:
	// Pollaczek and Khinchine. Here the variance of a service is 2.25 of its square.
	p := pool{Servers: 1, Rate: 60, MeanMs: 10}
	require.Greater(t, p.simulate(200_000, 7).WaitP99, p.waitP99(), "what varies more than the formula believes waits longer")
	require.Zero(t, pool{Servers: 50, Rate: 1, MeanMs: 10}.simulate(10_000, 7).WaitP99)
	require.Equal(t, p.simulate(10_000, 3), p.simulate(10_000, 3), "a seed makes runs equal")
}

func TestPoolThatIsTooSmallIsFound(t *testing.T) {
	t.Parallel()
	m := opened(t)
	p := m.plan(100_000, false).API
	require.Empty(t, broken(1, p, p.simulate(customers, 1)))
	p.Servers = math.Floor(p.Servers * 0.6)
	require.NotEmpty(t, broken(1, p, p.simulate(customers, 1)))
}

func TestEveryPlanKeepsItsBounds(t *testing.T) {
	t.Parallel()
	m := opened(t)
	for _, rate := range []float64{500, 10_000, 25_000, 40_000, 100_000, 333_333, 1_000_000} {
		require.Empty(t, m.tables(&bytes.Buffer{}, []float64{rate}), rate)
	}
}

func TestMoreRequestsNeverNeedLess(t *testing.T) {
	t.Parallel()
	m := opened(t)
	for _, edge := range []bool{true, false} {
		last := m.plan(100, edge)
		for rate := 200.0; rate <= 1_000_000; rate *= 1.7 {
			p := m.plan(rate, edge)
			require.GreaterOrEqual(t, p.API.Pods, last.API.Pods)
			require.GreaterOrEqual(t, p.Workers.Pods, last.Workers.Pods)
			require.GreaterOrEqual(t, p.Temporal.Pods, last.Temporal.Pods)
			require.GreaterOrEqual(t, p.HistoryShards, last.HistoryShards)
			require.GreaterOrEqual(t, p.Redis.Servers, last.Redis.Servers)
			require.GreaterOrEqual(t, p.SalesShards, last.SalesShards)
			require.LessOrEqual(t, p.Origin, rate*1.000001)
			last = p
		}
	}
}

func TestHistoryShardsAreAPowerOfTwo(t *testing.T) {
	t.Parallel()
	m := opened(t)
	for _, rate := range rates {
		n := m.plan(rate, true).HistoryShards
		require.InDelta(t, n, math.Pow(2, math.Round(math.Log2(n))), 0)
	}
}

// The variants are those of Terraform.
func TestVariantsAreThoseOfTerraform(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/terraform/sizes.tf")
	require.NoError(t, err)
	v := opened(t).variants
	_, text, _ = bytes.Cut(text, []byte("    small = {"))
	small, large, ok := bytes.Cut(text, []byte("    large = {"))
	require.True(t, ok)
	for _, each := range []struct {
		variant
		text []byte
	}{{v.Small, small}, {v.Large, large}} {
		number := func(name string) float64 {
			t.Helper()
			m := regexp.MustCompile(`\b` + name + `\s*= ([0-9]+)`).FindSubmatch(each.text)
			require.NotNil(t, m, name)
			n, err := strconv.ParseFloat(string(m[1]), 64)
			require.NoError(t, err)
			return n
		}
		require.InDelta(t, number("min_acu"), each.MinACU, 0)
		require.InDelta(t, 1+number("readers"), each.Instances, 0)
		require.InDelta(t, 1+number("sales_shards"), each.Clusters, 0)
		require.InDelta(t, number("shards")*(1+number("replicas")), each.CacheNodes, 0)
		require.InDelta(t, number("nodes"), each.SearchNodes, 0)
		require.InDelta(t, number("disk_gb"), each.SearchGB, 0)
		require.Contains(t, string(each.text), `node_type = "`+each.CacheNode+`"`)
		require.Contains(t, string(each.text), `instance = "`+each.SearchNode+`"`)
	}
}

// The document says what the program says: go run ./tools/scale -write docs/scale.md.
func TestDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/scale.md")
	require.NoError(t, err)
	var tables bytes.Buffer
	require.Empty(t, opened(t).tables(&tables, rates))
	want, err := between(text, tables.Bytes())
	require.NoError(t, err)
	require.Equal(t, string(want), string(text))
}

func TestDocumentWithoutMarksIsLeftAlone(t *testing.T) {
	t.Parallel()
	_, err := between([]byte("no marks"), []byte("x"))
	require.Error(t, err)
	out, err := between([]byte("a\n"+begins+"old"+ends+"z\n"), []byte("new"))
	require.NoError(t, err)
	require.Equal(t, "a\n"+begins+"\nnew\n"+ends+"z\n", string(out))
}

func TestNumbersReadWell(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1,000,000", number(1_000_000))
	require.Equal(t, "126.7", number(126.7))
	require.Equal(t, "4,400", dollars(4_377))
	require.Equal(t, "0", dollars(0.4))
}

func TestOneRateAndWrongUsage(t *testing.T) {
	t.Parallel()
	var out, wrong bytes.Buffer
	require.Zero(t, run([]string{"-rate", "2000"}, &out, &wrong), wrong.String())
	require.Contains(t, out.String(), "| requests a second | 2,000 |")
	require.Equal(t, 2, run([]string{"-nonsense"}, &out, &wrong))
	require.Equal(t, 1, run([]string{"-write", t.TempDir() + "/none.md"}, &out, &wrong))
}
