package command_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/cmd/yourticket/command"
)

// TestMain takes away the variables that the machine may have set, for they
// would count as flags.
func TestMain(m *testing.M) {
	for _, name := range []string{
		"DATABASE_URL", "SALES_DATABASE_URLS", "REDIS_URL", "ELASTICSEARCH_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE",
		"STRIPE_API_KEY", "STRIPE_API_URL", "STRIPE_WEBHOOK_SECRET", "PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET",
		"PAYPAL_API_URL", "PAYPAL_WEBHOOK_ID", "SMTP_URL", "LOG_LEVEL", "PORT", "DATA_DIR", "EPHEMERAL", "PARTS",
		"YOURTICKET_API_URL", "YOURTICKET_SANDBOX_URL",
	} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func TestExitCodesAndTheirReasons(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		"help":                  {[]string{"--help"}, 0, "Usage: yourticket <command>", ""},
		"help of a command":     {[]string{"dev", "--help"}, 0, "($SANDBOX_PORT)", ""},
		"help of a subcommand":  {[]string{"migrate", "up", "--help"}, 0, "($DATABASE_URL)", ""},
		"version":               {[]string{"version"}, 0, "yourticket ", ""},
		"no command":            {nil, 2, "", "yourticket: expected one of "},
		"unknown command":       {[]string{"sell"}, 2, "", "yourticket: unexpected argument sell"},
		"unknown flag":          {[]string{"dev", "--fast"}, 2, "", "yourticket: unknown flag --fast"},
		"port that is no port":  {[]string{"dev", "--port", "http"}, 2, "", "yourticket: --port: "},
		"unknown service":       {[]string{"api", "--services", "tea"}, 2, "", "yourticket: --services must be one of "},
		"unknown fleet":         {[]string{"worker", "--fleets", "ships"}, 2, "", "yourticket: --fleets must be one of "},
		"missing variables":     {[]string{"api"}, 2, "", "yourticket: DATABASE_URL: is missing\nyourticket: REDIS_URL: is missing\n"},
		"malformed variable":    {[]string{"dev", "--redis-url", "http://x"}, 2, "", "yourticket: REDIS_URL: must begin with redis://"},
		"promote, no Temporal":  {[]string{"promote"}, 2, "", "yourticket: TEMPORAL_ADDRESS: is missing\n"},
		"migrate, no database":  {[]string{"migrate", "status"}, 2, "", "yourticket: DATABASE_URL: is missing\n"},
		"unusable data folder":  {[]string{"dev", "--data-dir", "/dev/null/x"}, 1, "", "yourticket: data directory: "},
		"rehearsal, too small":  {[]string{"rehearse", "--json", "--seats", "2"}, 2, "", "yourticket: seats: must be between 3 and "},
		"rehearsal of nothing":  {[]string{"rehearse", "--json=-", "--api-url", "http://127.0.0.1:1"}, 1, "", "yourticket: the API at http://127.0.0.1:1 does not answer"},
		"rehearsal, audit":      {[]string{"rehearse", "--database-url", "mysql://x"}, 2, "", "yourticket: DATABASE_URL: "},
		"database out of reach": {[]string{"migrate", "up", "--database-url", "postgres://nobody@127.0.0.1:1/none"}, 1, "", "yourticket: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			require.Equal(t, tt.code, command.Run(t.Context(), tt.args, &stdout, &stderr), "stderr: %s", stderr.String())
			require.Contains(t, stdout.String(), tt.stdout)
			if tt.stderr == "" {
				require.Empty(t, stderr.String())
				return
			}
			require.Contains(t, stderr.String(), tt.stderr)
		})
	}
}
