package command

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// healthCommand asks a process how it is: the image has no other program that could.
type healthCommand struct {
	URL     string        `arg:"" optional:"" name:"url" default:"http://127.0.0.1:8080/healthz" help:"What to ask (default: ${default})."`
	Timeout time.Duration `env:"HEALTH_TIMEOUT" default:"4s" help:"How long the answer may take (default: ${default})."`
}

// Run fails unless the answer is 200.
func (c *healthCommand) Run(ctx context.Context, s streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil {
		return usageError{err}
	}
	res, err := (&http.Client{}).Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close() // only the status matters
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", c.URL, res.Status)
	}
	_, err = fmt.Fprintln(s.out, "ok")
	return err
}
