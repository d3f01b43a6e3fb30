package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// ensureNamespace waits until the namespace answers and adds the search
// attributes that a store from an earlier version lacks. It returns once
// the server itself lists all of them.
func ensureNamespace(ctx context.Context, o options) error {
	conn, err := grpc.NewClient(o.address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to the server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()

	operator := operatorservice.NewOperatorServiceClient(conn)
	for {
		missing, err := missingAttributes(ctx, operator, o.namespace)
		if err == nil && len(missing) == 0 {
			return nil
		}
		if err == nil {
			_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
				Namespace: o.namespace, SearchAttributes: missing,
			})
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace %s did not become ready: %w", o.namespace, firstOf(err, ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// missingAttributes returns which of our search attributes the namespace lacks.
func missingAttributes(
	ctx context.Context, operator operatorservice.OperatorServiceClient, namespace string,
) (map[string]enumspb.IndexedValueType, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace},
		grpc.WaitForReady(true))
	if err != nil {
		return nil, err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range searchAttributes {
		if _, ok := r.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}
	return missing, nil
}

// firstOf returns the first error that is not nil.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
