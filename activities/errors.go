package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"yourticket.example/ticket"
)

// retryable tells which domain errors another try may heal. All others are
// answers, and asking again gives the same one.
var retryable = map[ticket.Code]bool{
	ticket.CodeInternal:            true,
	ticket.CodeUnavailable:         true,
	ticket.CodeProviderUnavailable: true,
}

// ErrorInterceptor gives domain errors Temporal's retry semantics: the code
// becomes the error's type, and what cannot be healed is not retried. It is the
// one place that does so, and the outermost, because the server looks at the
// outermost error only.
func ErrorInterceptor() interceptor.WorkerInterceptor { return &errorInterceptor{} }

type errorInterceptor struct {
	interceptor.WorkerInterceptorBase
}

func (*errorInterceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &errorInbound{}
	i.Next = next
	return i
}

type errorInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

func (i *errorInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := i.Next.ExecuteActivity(ctx, in)
	return result, asTemporal(err)
}

func asTemporal(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return err
	}
	e, ok := errors.AsType[*ticket.Error](err)
	if !ok {
		return err
	}
	if retryable[e.Code] {
		return temporal.NewApplicationErrorWithCause(err.Error(), string(e.Code), err)
	}
	return temporal.NewNonRetryableApplicationError(e.Message, string(e.Code), err)
}
