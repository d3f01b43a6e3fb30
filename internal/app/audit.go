package app

import (
	"context"
	"log/slog"
	"time"

	"yourticket.example/internal/audit"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/cdc"
	"yourticket.example/internal/config"
	"yourticket.example/internal/health"
	"yourticket.example/internal/inventory"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
	"yourticket.example/workers"
)

// AuditOptions say how an audit is made.
type AuditOptions struct {
	// Since is how far back the providers' books are read, besides everything
	// that is open; 0 for a day.
	Since time.Duration
	// Settle is how long to wait, at most, for what is under way to end.
	Settle time.Duration
	// Looks is how many bookings that seem wrong are looked at again one by one;
	// 0 for audit.Looks.
	Looks int
	// Repair rebuilds what is derived and found wrong, and checks again.
	Repair bool
}

// Audit checks every invariant over all that the configuration names. What
// cannot be reached is said in the findings that need it; the error is about the
// catalogue and the sales databases, without which nothing can be said.
func Audit(ctx context.Context, cfg config.Config, o AuditOptions) (audit.Report, error) {
	s := &stores{meter: &health.Meter{}}
	defer s.close()
	if err := s.openDatabases(ctx, cfg, "audit"); err != nil {
		return audit.Report{}, err
	}
	missing := s.openRest(ctx, cfg)
	if err := ctx.Err(); err != nil {
		return audit.Report{}, err
	}
	return s.audit(ctx, cfg, o, missing)
}

// openRest opens what an audit can be made without, and says what is not there.
func (s *stores) openRest(ctx context.Context, cfg config.Config) map[audit.Part]audit.Absence {
	missing := map[audit.Part]audit.Absence{}
	var err error
	if cfg.RedisURL.Reveal() == "" {
		missing[audit.PartRedis] = audit.Absence{Reason: "REDIS_URL is not given"}
	} else if s.redisDB, err = openRedis(ctx, cfg.RedisURL.Reveal(), nil); err != nil {
		missing[audit.PartRedis] = audit.Absence{Reason: err.Error(), Failed: true}
	}
	if cfg.TemporalAddress == "" {
		missing[audit.PartTemporal] = audit.Absence{Reason: "TEMPORAL_ADDRESS is not given"}
	} else if s.temporal, err = openTemporal(ctx, cfg, s); err != nil {
		missing[audit.PartTemporal] = audit.Absence{Reason: err.Error(), Failed: true}
	}
	return missing
}

// audit runs an audit over the connections of a process.
func (s *stores) audit(ctx context.Context, cfg config.Config, o AuditOptions, missing map[audit.Part]audit.Absence) (audit.Report, error) {
	sources := audit.Sources{
		Catalogue: s.catalogue, Sales: s.sales, Namespace: cfg.TemporalNamespace, Missing: missing,
		Providers: map[ticket.Provider]audit.ProviderBooks{},
	}
	var err error
	if s.events == nil {
		if s.events, err = catalogue.New(s.catalogue, nil); err != nil {
			return audit.Report{}, err
		}
	}
	sources.Plans = s.events
	if s.redisDB != nil {
		sources.Seats, sources.Queue = redis.NewSeats(s.redisDB), redis.NewQueue(s.redisDB)
	}
	if s.temporal != nil {
		sources.Temporal = s.temporal
		payloads, err := dataConverter(cfg)
		if err != nil {
			return audit.Report{}, err
		}
		if sources.Histories, err = workers.NewReplayer(s.temporal, payloads); err != nil {
			return audit.Report{}, err
		}
	}
	if err := s.providerBooks(cfg, &sources); err != nil {
		return audit.Report{}, err
	}
	if err := s.searchSource(cfg, &sources); err != nil {
		return audit.Report{}, err
	}
	options := audit.Options{Sources: sources, Window: o.Since, Settle: o.Settle, Looks: o.Looks}
	if o.Repair {
		if options.Repair, err = s.repairer(cfg); err != nil {
			return audit.Report{}, err
		}
	}
	return audit.Run(ctx, options)
}

// repairer rebuilds what is derived with the means by which it is rebuilt when
// it is lost.
type repairer struct {
	s   *stores
	cfg config.Config
}

func (s *stores) repairer(cfg config.Config) (audit.Repairer, error) {
	if s.inventory == nil && s.redisDB != nil {
		s.inventory = inventory.New(redis.NewSeats(s.redisDB), s.sales, s.events)
		if err := s.openRooms(); err != nil {
			return nil, err
		}
	}
	return repairer{s, cfg}, nil
}

// RepairSeats implements audit.Repairer.
func (r repairer) RepairSeats(ctx context.Context, eventID string) error {
	event, err := r.s.events.Event(ctx, eventID)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "the seat map is rebuilt", "event", eventID)
	return r.s.inventory.Repair(ctx, event)
}

// RepairRoom implements audit.Repairer.
func (r repairer) RepairRoom(ctx context.Context, eventID string) error {
	return r.s.rooms.Repair(ctx, eventID)
}

// RepairSearch implements audit.Repairer.
func (r repairer) RepairSearch(ctx context.Context) error {
	s := &stores{meter: &health.Meter{}}
	options, err := s.captureOptions(ctx, r.cfg)
	if err != nil {
		return err
	}
	defer s.close()
	slog.InfoContext(ctx, "the search index is rebuilt")
	return cdc.Rebuild(ctx, options)
}
