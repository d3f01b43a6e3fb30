package audit

import (
	"context"
	"time"

	"yourticket.example/workflows"
)

// settleLook is how often it is looked whether anything is under way.
const settleLook = 500 * time.Millisecond

// settle waits until nothing is under way, twice in a row, or until its time is
// over; it tells whether all was quiet.
func (o *Options) settle(ctx context.Context) (bool, error) {
	end := o.Now().Add(o.Settle)
	for quietOnce := false; ; {
		quiet, err := o.quiet(ctx)
		switch {
		case err != nil:
			return false, err
		case quiet && (quietOnce || o.Settle == 0):
			return true, nil
		case !o.Now().Before(end):
			return false, nil
		}
		quietOnce = quiet
		if !pause(ctx, settleLook) {
			return false, ctx.Err()
		}
	}
}

// quiet tells whether no booking is on its way and no purchase runs but those
// that wait for their buyer or for support.
func (o *Options) quiet(ctx context.Context) (bool, error) {
	busy, held, err := o.Sales.UnderWay(ctx)
	if err != nil || busy > 0 {
		return false, err
	}
	if o.Temporal == nil {
		return true, nil
	}
	settling, err := o.count(ctx, "ExecutionStatus = 'Running' AND WorkflowType = '"+workflows.SettleType+"'")
	if err != nil || settling > 0 {
		return false, nil //nolint:nilerr // a Temporal that does not answer is said by the checks that need it
	}
	purchases, err := o.count(ctx, "ExecutionStatus = 'Running' AND WorkflowType = '"+workflows.PurchaseType+"'")
	return err == nil && purchases <= held, nil
}
