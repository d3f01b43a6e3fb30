package main

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long a closed workflow stays readable.
const retention = 7 * 24 * time.Hour

// searchAttributes are what support filters purchases by.
var searchAttributes = map[string]enumspb.IndexedValueType{
	"BookingStatus":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"EventId":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"BuyerId":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"PaymentProvider": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"AmountMinor":     enumspb.INDEXED_VALUE_TYPE_INT,
	"NeedsAttention":  enumspb.INDEXED_VALUE_TYPE_BOOL,
}

// stores are the two databases of a server, each with its schema in place.
// They are separate so that visibility writes, half of what a small workflow
// writes, do not queue behind histories.
type stores struct {
	main, visibility *config.SQL
}

// openStores returns the stores that o asks for and creates what is missing.
func openStores(o options) (stores, error) {
	if o.postgres != "" {
		return openPostgres(o)
	}
	return openSQLite(o)
}

// createNamespace writes the namespace straight into the store, before the
// server starts, so that the server knows it from its first request on; one
// that is created through the API is usable only after caches have expired.
// A namespace that exists is left alone.
func (s stores) createNamespace(name string) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, name, false, searchAttributes)
	if err != nil {
		return fmt.Errorf("describing namespace %s: %w", name, err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqlite.CreateNamespaces(s.main, ns); err != nil {
		return fmt.Errorf("creating namespace %s: %w", name, err)
	}
	return nil
}
