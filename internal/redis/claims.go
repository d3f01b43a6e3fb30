package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// claimFor is how long a claim is remembered; as long as providers remember
// idempotency keys.
const claimFor = 24 * time.Hour

// Claims remember for a day who took a name first.
type Claims struct {
	db goredis.UniversalClient
}

// NewClaims makes Claims over a client.
func NewClaims(db goredis.UniversalClient) *Claims { return &Claims{db: db} }

// Claim takes a name for an owner and gives the owner that it has: this one, or
// the one who was first. CodeUnavailable when Redis does not answer.
func (c *Claims) Claim(ctx context.Context, name, owner string) (string, error) {
	pipe := c.db.Pipeline()
	pipe.SetNX(ctx, "claim:"+name, owner, claimFor)
	has := pipe.Get(ctx, "claim:"+name)
	if _, err := pipe.Exec(ctx); err != nil {
		return "", unavailable(err)
	}
	return has.Val(), nil
}
