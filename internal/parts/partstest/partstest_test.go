package partstest_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"yourticket.example/internal/parts/partstest"
)

func TestMain(m *testing.M) { partstest.Main(m) }

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), partstest.Postgres(t))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
			_, err = conn.Exec(t.Context(), "CREATE TABLE same_name (n int)")
			require.NoError(t, err, "another test's table would be in the way")
		})
	}
}

func connect(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	require.NoError(t, err)
	c := redis.NewClient(o)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestEachTestHasItsOwnEmptyRedis(t *testing.T) {
	t.Parallel()
	for n := range 300 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			c := connect(t, partstest.Redis(t))
			require.Zero(t, c.DBSize(t.Context()).Val())
			require.NoError(t, c.Set(t.Context(), "left", "behind", 0).Err())
		})
	}
}

func TestPrivateRedisIsEmptyAfterARestart(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	c := connect(t, server.URL)
	require.NoError(t, c.Set(t.Context(), "key", "value", 0).Err())
	server.Kill()
	require.Error(t, c.Ping(t.Context()).Err())
	require.NoError(t, server.Restart(t.Context()))
	require.Zero(t, c.DBSize(t.Context()).Val())
}

func TestPrivatePostgresKeepsItsDataOverAKill(t *testing.T) {
	t.Parallel()
	server := partstest.PostgresServer(t)
	conn, err := pgx.Connect(t.Context(), server.URL)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "CREATE TABLE kept (n int)")
	require.NoError(t, err)
	server.Kill()
	require.Error(t, conn.Ping(t.Context()))
	require.NoError(t, server.Restart(t.Context()))
	conn, err = pgx.Connect(t.Context(), server.URL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	_, err = conn.Exec(t.Context(), "SELECT n FROM kept")
	require.NoError(t, err)
}

func TestTemporalKnowsTheSearchAttributes(t *testing.T) {
	t.Parallel()
	address, namespace := partstest.Temporal(t)
	requireSearchAttributes(t, address, namespace)
}

func TestPrivateTemporalRestarts(t *testing.T) {
	t.Parallel()
	server := partstest.TemporalServer(t)
	server.Kill()
	require.NoError(t, server.Restart(t.Context()))
	requireSearchAttributes(t, server.URL, "default")
}

func TestEachTestHasItsOwnIndices(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("tests", func(t *testing.T) {
		for n := range 3 {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				server, prefix := partstest.Elasticsearch(t)
				require.Empty(t, request(t, http.MethodGet, server+"/_cat/indices/"+prefix+"*"))
				request(t, http.MethodPut, server+"/"+prefix+"events")
				request(t, http.MethodPut, server+"/"+prefix+"venues")
				if n == 0 {
					url = server + "/_cat/indices/" + prefix + "*"
				}
			})
		}
	})
	require.Empty(t, request(t, http.MethodGet, url), "they go with their test")
}

func TestPrivateElasticsearchKeepsItsDataOverAKill(t *testing.T) {
	t.Parallel()
	server := partstest.ElasticsearchServer(t)
	request(t, http.MethodPut, server.URL+"/kept")
	server.Kill()
	require.NoError(t, server.Restart(t.Context()))
	request(t, http.MethodGet, server.URL+"/kept")
}

// request sends a request that must succeed and returns the answer.
func request(t *testing.T, method, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(body))
	return string(body)
}

func requireSearchAttributes(t *testing.T, address, namespace string) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	require.NoError(t, err)
	require.Equal(t, map[string]enums.IndexedValueType{
		"BookingStatus":   enums.INDEXED_VALUE_TYPE_KEYWORD,
		"EventId":         enums.INDEXED_VALUE_TYPE_KEYWORD,
		"BuyerId":         enums.INDEXED_VALUE_TYPE_KEYWORD,
		"PaymentProvider": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"AmountMinor":     enums.INDEXED_VALUE_TYPE_INT,
		"NeedsAttention":  enums.INDEXED_VALUE_TYPE_BOOL,
	}, r.GetCustomAttributes())
}
