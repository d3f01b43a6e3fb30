package workers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/workflows"
)

// DeploymentName is the worker deployment that all fleets belong to: a build
// is rolled out to all of them together.
const DeploymentName = "yourticket"

// Deps are what the fleets' activities work with.
type Deps struct {
	Seats    *activities.Seats
	Bookings *activities.Bookings
	Slots    *activities.Slots
	Sales    *activities.Sales
	// Reconciliations compare our books with the providers' own.
	Reconciliations *activities.Reconciliations
	// Audits check what must always hold.
	Audits *activities.Audits
	// Payments answers within seconds, for the fleet that works while a buyer waits.
	Payments *activities.Payments
	// PatientPayments waits for the provider's rate and its answer.
	PatientPayments *activities.Payments
	Refunds         *activities.Refunds
	// Reviews follow what providers do to charges by themselves.
	Reviews *activities.Reviews
	// Interceptors see every workflow and activity, inside of what gives errors
	// their retry semantics.
	Interceptors []interceptor.WorkerInterceptor
	// Cancellations and RefundBatches refund canceled events.
	Cancellations *activities.Cancellations
	RefundBatches *activities.RefundBatches
	// BuildID names this build for Worker Versioning; workflows that started on
	// it stay on it.
	BuildID string
}

// fleet is one kind of worker.
type fleet struct {
	name     string
	queue    string
	options  worker.Options
	register func(w worker.Registry, d Deps)
}

// fleets is the one table of fleets; help text, default and validation derive from it.
var fleets = []fleet{
	{
		name: "purchases", queue: workflows.QueuePurchases,
		options: worker.Options{
			MaxConcurrentWorkflowTaskPollers:        16,
			MaxConcurrentActivityTaskPollers:        2,
			MaxConcurrentLocalActivityExecutionSize: 512,
			MaxConcurrentWorkflowTaskExecutionSize:  512,
		},
		register: func(w worker.Registry, d Deps) {
			w.RegisterWorkflowWithOptions(workflows.Purchase, workflow.RegisterOptions{
				Name: workflows.PurchaseType, VersioningBehavior: workflow.VersioningBehaviorPinned,
			})
			w.RegisterActivity(d.Seats)
			w.RegisterActivity(d.Bookings)
			w.RegisterActivity(d.Slots)
			w.RegisterActivity(d.Payments)
		},
	},
	{
		name: "payments", queue: workflows.QueuePayments,
		options: worker.Options{
			MaxConcurrentActivityExecutionSize: 200,
			MaxConcurrentWorkflowTaskPollers:   2,
			MaxConcurrentActivityTaskPollers:   4,
		},
		register: func(w worker.Registry, d Deps) {
			w.RegisterWorkflowWithOptions(workflows.SettleCharge, workflow.RegisterOptions{
				Name: workflows.SettleType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{
				Name: workflows.RefundType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterWorkflowWithOptions(workflows.ReviewCharge, workflow.RegisterOptions{
				Name: workflows.ReviewType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterActivity(d.Reviews)
			w.RegisterActivity(d.PatientPayments)
			w.RegisterActivity(d.Refunds)
			w.RegisterActivity(d.RefundBatches)
		},
	},
	{
		name: "sales", queue: workflows.QueueSales,
		options: worker.Options{
			MaxConcurrentWorkflowTaskPollers: 2,
			MaxConcurrentActivityTaskPollers: 2,
			// A sale opens on time, even if the worker that knew it is gone.
			StickyScheduleToStartTimeout: time.Second,
		},
		register: func(w worker.Registry, d Deps) {
			w.RegisterWorkflowWithOptions(workflows.OnSale, workflow.RegisterOptions{
				Name: workflows.OnSaleType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterWorkflowWithOptions(workflows.CancelEvent, workflow.RegisterOptions{
				Name: workflows.CancelEventType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterActivity(d.Sales)
			w.RegisterActivity(d.Cancellations)
		},
	},
	{
		name: "finance", queue: workflows.QueueFinance,
		options: worker.Options{
			MaxConcurrentActivityExecutionSize: 8,
			MaxConcurrentWorkflowTaskPollers:   2,
			MaxConcurrentActivityTaskPollers:   2,
		},
		register: func(w worker.Registry, d Deps) {
			w.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{
				Name: workflows.ReconcileType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterWorkflowWithOptions(workflows.Audit, workflow.RegisterOptions{
				Name: workflows.AuditType, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
			})
			w.RegisterActivity(d.Reconciliations)
			w.RegisterActivity(d.Audits)
		},
	},
}

// Names lists the fleets.
func Names() []string {
	names := make([]string, len(fleets))
	for i, f := range fleets {
		names[i] = f.name
	}
	return names
}

// stopWithin is how long a worker that is asked to stop may finish what it is doing.
const stopWithin = 8 * time.Second

// Build makes the workers of the named fleets, not yet started.
func Build(c client.Client, names []string, d Deps) ([]worker.Worker, error) {
	var out []worker.Worker
	for _, name := range names {
		i := slices.IndexFunc(fleets, func(f fleet) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no fleet %q; there are %s", name, strings.Join(Names(), ", "))
		}
		out = append(out, build(c, fleets[i], d))
	}
	return out, nil
}

func build(c client.Client, f fleet, d Deps) worker.Worker {
	o := f.options
	o.WorkerStopTimeout = stopWithin
	o.Interceptors = append([]interceptor.WorkerInterceptor{activities.ErrorInterceptor()}, d.Interceptors...)
	o.DisableRegistrationAliasing = true
	o.DeploymentOptions = worker.DeploymentOptions{
		UseVersioning: true,
		Version:       worker.WorkerDeploymentVersion{DeploymentName: DeploymentName, BuildID: d.BuildID},
	}
	w := worker.New(c, f.queue, o)
	f.register(w, d)
	return w
}
