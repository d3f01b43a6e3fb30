package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/redis"
)

func TestTheWorstOfWhatProcessesReportCounts(t *testing.T) {
	t.Parallel()
	q, db := openQueue(t)
	none, err := q.Providers(t.Context())
	require.NoError(t, err)
	require.Zero(t, none)
	require.NoError(t, q.ReportProviders(t.Context(), "a", redis.ProviderVitals{P99: time.Second, Calls: 10}))
	require.NoError(t, q.ReportProviders(t.Context(), "b", redis.ProviderVitals{P99: 3 * time.Second, Calls: 2, Away: 1}))
	old := time.Now().Add(-30 * time.Second).UnixMilli()
	require.NoError(t, db.HSet(t.Context(), "{vitals}:providers", "silent", fmt.Sprintf("9000|5|2|%d", old), "other", "of another version").Err())
	worst, err := q.Providers(t.Context())
	require.NoError(t, err)
	require.Equal(t, redis.ProviderVitals{P99: 3 * time.Second, Calls: 12, Away: 1}, worst)
	gone := time.Now().Add(-5 * time.Minute).UnixMilli()
	require.NoError(t, db.HSet(t.Context(), "{vitals}:providers", "gone", fmt.Sprintf("1|1|1|%d", gone)).Err())
	_, err = q.Providers(t.Context())
	require.NoError(t, err)
	require.False(t, db.HExists(t.Context(), "{vitals}:providers", "gone").Val(), "who is long gone is forgotten")
}
