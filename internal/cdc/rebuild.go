package cdc

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Rebuild has the index built anew behind the alias, and all stock counted
// anew, and returns when that is done. Searches go on meanwhile. The process
// that captures does it; if there is none, this one is it for as long.
func Rebuild(ctx context.Context, o Options) error {
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	capture, err := New(ctx, o)
	if err != nil {
		return err
	}
	wanted, err := o.Catalogue.WantSearchIndex(ctx)
	if err != nil {
		return err
	}
	if err := o.Catalogue.WantStock(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		capture.Run(running)
	}()
	defer func() {
		stop()
		<-done
	}()
	for {
		state, err := o.Catalogue.SearchIndex(ctx)
		if err != nil {
			return err
		}
		counted, err := o.Catalogue.StockCounted(ctx, len(o.SalesLogs))
		if err != nil {
			return err
		}
		if state.Built >= wanted.Wanted && counted {
			return nil
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}
