package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// FinanceDeps is what the finance service works with.
type FinanceDeps struct {
	Reconciliations ReconciliationReader
	Reconciler      Reconciler
	Ledgers         Ledgers
}

// ReconciliationReader keeps reconciliations and their reports.
type ReconciliationReader interface {
	BeginReconciliation(ctx context.Context, r ticket.Reconciliation) error
	Reconciliation(ctx context.Context, id string) (ticket.Reconciliation, error)
	Reconciliations(ctx context.Context, after postgres.ReconciliationCursor, limit int) ([]ticket.Reconciliation, error)
	ReconciliationLines(ctx context.Context, id string, after int64, limit int, differences bool) ([]ticket.ReconciliationLine, error)
}

// Reconciler starts reconciliations. The same id again starts nothing.
type Reconciler interface {
	Reconcile(ctx context.Context, r ticket.Reconciliation) error
}

// TemporalReconciler starts them as workflows.
type TemporalReconciler struct{ Client client.Client }

// Reconcile implements Reconciler.
func (t TemporalReconciler) Reconcile(ctx context.Context, r ticket.Reconciliation) error {
	ctx, cancel := context.WithTimeout(ctx, saleCall)
	defer cancel()
	_, err := t.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.ReconcileID(r.ID), TaskQueue: workflows.QueueFinance,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, workflows.ReconcileType, workflows.ReconcileInput{
		ID: r.ID, Providers: r.Providers, From: r.From, To: r.To, RequestedBy: r.RequestedBy,
	})
	return saleAway(err)
}

func (s *Server) registerFinance(api huma.API) {
	tags := []string{"Finance"}
	who := only(ticket.RoleFinance)
	register(s, api, huma.Operation{
		OperationID: "create-reconciliation", Method: http.MethodPost, Path: "/v1/finance/reconciliations", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Compare our books with the providers' own", Description: "It runs in the background; its status says when the report is there.",
	}, who, s.createReconciliation)
	register(s, api, huma.Operation{
		OperationID: "list-reconciliations", Method: http.MethodGet, Path: "/v1/finance/reconciliations", Tags: tags,
		Summary: "Reconciliations, newest first", Description: "Without totals.",
	}, who, s.listReconciliations)
	register(s, api, huma.Operation{
		OperationID: "get-reconciliation", Method: http.MethodGet, Path: "/v1/finance/reconciliations/{id}", Tags: tags,
		Summary: "The report of a reconciliation", Description: "Totals and lines; with .csv behind the id, or Accept: text/csv, the lines as a table.",
		Responses: csvResponse(api),
	}, who, s.getReconciliation)
	s.registerLedger(api)
}

type createReconciliationInput struct {
	IdempotencyKey
	Body struct {
		From      time.Time         `json:"from"`
		To        time.Time         `json:"to" doc:"Not included; at most now."`
		Providers []ticket.Provider `json:"providers,omitempty" maxItems:"2" enum:"stripe,paypal" doc:"All when left out."`
	}
}

type reconciliationOutput struct {
	Location string `header:"Location"`
	Body     ticket.Reconciliation
}

// longestReconciliation bounds what is compared at once.
const longestReconciliation = 366 * 24 * time.Hour

func (s *Server) createReconciliation(ctx context.Context, in *createReconciliationInput) (*reconciliationOutput, error) {
	return once(ctx, s, in.request("create-reconciliation", in.Body), func(ctx context.Context) (*reconciliationOutput, error) {
		b := in.Body
		r := ticket.Reconciliation{
			ID: ticket.NewID(ticket.KindReconciliation, 0), Providers: b.Providers, From: b.From.UTC(), To: b.To.UTC(), RequestedBy: caller(ctx).ID,
		}
		if len(r.Providers) == 0 {
			r.Providers = []ticket.Provider{ticket.Stripe, ticket.PayPal}
		}
		var f faults
		switch {
		case !r.To.After(r.From):
			f.add("to", "must be after from")
		case r.To.After(s.now().Add(time.Minute)):
			f.add("to", "must not be in the future")
		case r.To.Sub(r.From) > longestReconciliation:
			f.add("from", "must be at most 366 days before to")
		}
		if len(r.Providers) == 2 && r.Providers[0] == r.Providers[1] {
			f.add("providers", "names one twice")
		}
		if err := f.err(); err != nil {
			return nil, err
		}
		if err := s.deps.Reconciliations.BeginReconciliation(ctx, r); err != nil {
			return nil, err
		}
		if err := s.deps.Reconciler.Reconcile(ctx, r); err != nil {
			return nil, err
		}
		stored, err := s.deps.Reconciliations.Reconciliation(ctx, r.ID)
		return &reconciliationOutput{Location: "/v1/finance/reconciliations/" + r.ID, Body: shown(stored)}, err
	})
}

// shown has no nulls where lists are.
func shown(r ticket.Reconciliation) ticket.Reconciliation {
	if r.Totals == nil {
		r.Totals = []ticket.ReconciliationTotal{}
	}
	return r
}

type reconciliationsInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"512"`
}

type reconciliationsOutput struct {
	Body struct {
		Items      []ticket.Reconciliation `json:"items"`
		NextCursor string                  `json:"next_cursor,omitempty"`
	}
}

func (s *Server) listReconciliations(ctx context.Context, in *reconciliationsInput) (*reconciliationsOutput, error) {
	var after postgres.ReconciliationCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	list, err := s.deps.Reconciliations.Reconciliations(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &reconciliationsOutput{}
	out.Body.Items = []ticket.Reconciliation{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.NextCursor = writeCursor(postgres.ReconciliationCursor{CreatedAt: last.CreatedAt, ID: last.ID})
	}
	for _, r := range list {
		out.Body.Items = append(out.Body.Items, shown(r))
	}
	return out, nil
}
