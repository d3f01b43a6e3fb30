package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/config"
)

const password = "hunter2-correct-horse"

func secretive() config.Config {
	return config.Config{
		DatabaseURL:         config.NewURL("postgres://app:" + password + "@db:5432/yourticket?password=" + password),
		SalesDatabaseURLs:   config.NewURLs("postgres://app:"+password+"@s1/a", "host=s2 password="+password),
		RedisURL:            config.NewURL("redis://:" + password + "@cache:6379"),
		StripeAPIKey:        config.NewSecret(password),
		StripeWebhookSecret: config.NewSecret(password),
		PayPalClientSecret:  config.NewSecret(password),
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	c := secretive()
	type hidden struct{ inner config.Config }
	printed := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		printed["secret "+verb] = fmt.Sprintf(verb, c.StripeAPIKey)
		printed["url "+verb] = fmt.Sprintf(verb, c.DatabaseURL)
		printed["urls "+verb] = fmt.Sprintf(verb, c.SalesDatabaseURLs)
		printed["config "+verb] = fmt.Sprintf(verb, c)
		printed["unexported "+verb] = fmt.Sprintf(verb, hidden{c})
	}
	asJSON, err := json.Marshal(c)
	require.NoError(t, err)
	printed["json"] = string(asJSON)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "c", c, "key", c.StripeAPIKey, "url", c.RedisURL)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c, "key", c.StripeAPIKey, "urls", c.SalesDatabaseURLs)
	printed["log"] = log.String()
	for how, text := range printed {
		require.NotContains(t, text, password, how)
		require.NotContains(t, text, fmt.Sprintf("%x", password), how)
	}
	require.Equal(t, "[redacted]", c.StripeAPIKey.String())
	require.Equal(t, "postgres://app@db:5432/yourticket", c.DatabaseURL.String())
	require.Equal(t, "postgres://app@s1/a,[redacted]", c.SalesDatabaseURLs.String())
	require.Equal(t, password, c.StripeAPIKey.Reveal())
}

func TestValidateReportsEveryFaultByVariable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*config.Config)
		want   []string
	}{
		"nothing wrong":          {func(*config.Config) {}, nil},
		"missing database":       {func(c *config.Config) { c.DatabaseURL = config.URL{} }, []string{"DATABASE_URL: is missing"}},
		"wrong database scheme":  {func(c *config.Config) { c.DatabaseURL = config.NewURL("mysql://db/x") }, []string{"DATABASE_URL: must begin with postgres:// or postgresql://"}},
		"second shard malformed": {func(c *config.Config) { c.SalesDatabaseURLs = config.NewURLs("postgres://a/b", "postgres:///x") }, []string{"SALES_DATABASE_URLS: has no host"}},
		"cluster of several nodes": {func(c *config.Config) {
			c.ElasticsearchURL = config.NewURLs("https://app:"+password+"@n1:9200", "https://app:"+password+"@n2:9200/search")
		}, nil},
		"second node malformed":  {func(c *config.Config) { c.ElasticsearchURL = config.NewURLs("http://n1:9200", "n2:9200") }, []string{"ELASTICSEARCH_URL: must begin with http:// or https://"}},
		"unparsable URL":         {func(c *config.Config) { c.RedisURL = config.NewURL("redis://:" + password + "@host:port") }, []string{"REDIS_URL: is not a valid URL"}},
		"cluster URL":            {func(c *config.Config) { c.RedisURL = config.NewURL("redis+cluster://a:1") }, nil},
		"address without port":   {func(c *config.Config) { c.TemporalAddress = "temporal" }, []string{"TEMPORAL_ADDRESS: must be host:port"}},
		"address with bad port":  {func(c *config.Config) { c.TemporalAddress = "temporal:99999" }, []string{"TEMPORAL_ADDRESS: must be host:port with a port between 1 and 65535"}},
		"key with white space":   {func(c *config.Config) { c.StripeAPIKey = config.NewSecret(password + "\n") }, []string{"STRIPE_API_KEY: must not contain white space"}},
		"unknown log level":      {func(c *config.Config) { c.LogLevel = "loud" }, []string{"LOG_LEVEL: must be debug, info, warn or error"}},
		"shard that is no URL":   {func(c *config.Config) { c.SalesDatabaseURLs = config.NewURLs("postgres://a/b,c") }, []string{"SALES_DATABASE_URLS: must be URLs, separated by commas"}},
		"TLS, perhaps":           {func(c *config.Config) { c.TemporalTLS = "maybe" }, []string{"TEMPORAL_TLS: must be true or false"}},
		"namespace of two words": {func(c *config.Config) { c.TemporalNamespace = "a b" }, []string{"TEMPORAL_NAMESPACE: must not contain white space"}},
		"numbers out of bounds": {func(c *config.Config) { c.HoldFor, c.SettleAfter, c.StripeRate, c.PayPalRate = -time.Minute, 0, 0, -1 }, []string{
			"HOLD_FOR: must be from 1s to 24h0m0s", "SETTLE_AFTER: must be from 1s to 24h0m0s", "STRIPE_RATE: must be at least 1", "PAYPAL_RATE: must be at least 1",
		}},
		"several at once": {func(c *config.Config) {
			c.PayPalClientID, c.StripeAPIKey, c.SMTPURL = "", config.Secret{}, config.NewURL("http://mail")
		}, []string{
			"STRIPE_API_KEY: is missing", "PAYPAL_CLIENT_ID: is missing", "SMTP_URL: must begin with smtp:// or smtps://",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := complete()
			tt.change(&c)
			err := c.Validate(config.Serving...)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, strings.Join(tt.want, "\n"))
		})
	}
}

func TestMissingElasticsearchIsAFaultOnlyWhereItIsRequired(t *testing.T) {
	t.Parallel()
	require.NoError(t, complete().Validate(config.Serving...), "search does without it")
	require.EqualError(t, complete().Validate("ELASTICSEARCH_URL"), "ELASTICSEARCH_URL: is missing")
}

func TestAddressesToListenOn(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", ":8080", "127.0.0.1:0", "[::1]:9100"} {
		require.NoError(t, config.Listening("LISTEN", good))
	}
	require.EqualError(t, config.Listening("LISTEN", "nonsense"), "LISTEN: must be host:port, or :port")
	require.EqualError(t, config.Listening("LISTEN", ":99999"), "LISTEN: must have a port between 0 and 65535")
}

func complete() config.Config {
	return config.Config{
		DatabaseURL: config.NewURL("postgres://db/yourticket"), RedisURL: config.NewURL("redis://cache:6379"),
		TemporalAddress: "temporal:7233", TemporalNamespace: "default",
		StripeAPIKey: config.NewSecret("sk"), StripeWebhookSecret: config.NewSecret("whsec"),
		PayPalClientID: "id", PayPalClientSecret: config.NewSecret("s"), PayPalWebhookID: "wh", LogLevel: "info",
		HoldFor: 10 * time.Minute, SettleAfter: time.Minute, StripeRate: 90, PayPalRate: 50,
	}
}

func TestFlagsAndVariables(t *testing.T) {
	t.Setenv("REDIS_URL", "redis://from-environment:1")
	t.Setenv("STRIPE_API_KEY", password)
	t.Setenv("SALES_DATABASE_URLS", "postgres://a,b/one , postgres://c/two")
	var c config.Config
	parser, err := kong.New(&c)
	require.NoError(t, err)
	_, err = parser.Parse([]string{"--database-url", "postgres://flag/x", "--redis-url=redis://flag:2"})
	require.NoError(t, err)

	require.Equal(t, "postgres://flag/x", c.DatabaseURL.Reveal())
	require.Equal(t, "redis://flag:2", c.RedisURL.Reveal(), "a flag wins over its variable")
	require.Equal(t, password, c.StripeAPIKey.Reveal())
	require.Equal(t, "default", c.TemporalNamespace)
	require.Equal(t, "info", c.LogLevel)
	var shards []string
	for _, u := range c.SalesDatabases() {
		shards = append(shards, u.Reveal())
	}
	require.Equal(t, []string{"postgres://a,b/one", "postgres://c/two"}, shards)
}

func TestSalesDatabasesDefaultToTheCatalogue(t *testing.T) {
	t.Parallel()
	c := config.Config{DatabaseURL: config.NewURL("postgres://db/catalogue")}
	require.Equal(t, []config.URL{c.DatabaseURL}, c.SalesDatabases())
}

func TestLevel(t *testing.T) {
	t.Parallel()
	require.Equal(t, slog.LevelWarn, config.Config{LogLevel: "warn"}.Level())
	require.Equal(t, slog.LevelInfo, config.Config{LogLevel: "nonsense"}.Level())
}
