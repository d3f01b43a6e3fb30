package parts

import (
	"context"
	"errors"
	"fmt"
)

// Fetch makes sure that every part can start later without a wait: it
// downloads and builds what is missing. Only CacheDir and Say of o are used.
func Fetch(ctx context.Context, o Options) error {
	var errs []error
	if dir, err := choosePostgres(ctx, o, "", 0); err != nil {
		errs = append(errs, fmt.Errorf("postgres: %w", err))
	} else {
		o.say("PostgreSQL: %s", dir)
	}
	if program, err := findRedis(ctx, o); err != nil {
		errs = append(errs, fmt.Errorf("redis: %w", err))
	} else {
		o.say("Redis: %s", program)
	}
	if program, err := findTemporal(ctx, o); err != nil {
		errs = append(errs, fmt.Errorf("temporal: %w", err))
	} else {
		o.say("Temporal: %s", program)
	}
	if home, java, err := findElasticsearchAndJava(ctx, o); err != nil {
		errs = append(errs, fmt.Errorf("elasticsearch: %w", err))
	} else {
		o.say("Elasticsearch: %s", home)
		o.say("Java: %s", java)
	}
	return errors.Join(errs...)
}
