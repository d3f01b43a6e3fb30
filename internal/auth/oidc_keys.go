package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// issuerPatience bounds one request to the issuer, and issuerPause how often
	// an unknown key id, or an issuer that is away, makes us ask again.
	issuerPatience = 3 * time.Second
	issuerPause    = 10 * time.Second
	// keysFor is how long keys are used before they are read again. While the
	// issuer is away they go on to be used.
	keysFor = 10 * time.Minute
	// maxDocument bounds what an issuer may answer, and maxKeys how many keys count.
	maxDocument = 1 << 20
	maxKeys     = 100
)

// errIssuerAway says that no keys are known yet.
var errIssuerAway = errors.New("the issuer has not answered")

// remoteKey is a public key and the only algorithm that it is good for.
type remoteKey struct {
	alg string
	key any
}

// remoteKeys are the issuer's keys as last read. Readers do not wait for each
// other; those who miss a key wait while one of them reads.
type remoteKeys struct {
	issuer string
	client *http.Client
	now    func() time.Time
	set    atomic.Pointer[map[string]remoteKey]
	readAt atomic.Int64 // Unix nanoseconds of the set

	mu      sync.Mutex
	triedAt time.Time
}

func newRemoteKeys(o OIDCOptions) *remoteKeys {
	return &remoteKeys{issuer: o.Issuer, client: o.Client, now: o.Now}
}

// find gives the key with this id for this algorithm. A token without an id
// may have the only key that there is.
func (k *remoteKeys) find(ctx context.Context, id, alg string) (any, error) {
	key, ok := k.lookUp(id)
	if !ok || k.now().UnixNano()-k.readAt.Load() > int64(keysFor) {
		k.reread(ctx)
		key, ok = k.lookUp(id)
	}
	switch {
	case k.set.Load() == nil:
		return nil, errIssuerAway
	case !ok || key.alg != alg:
		return nil, jwt.ErrTokenUnverifiable
	}
	return key.key, nil
}

func (k *remoteKeys) lookUp(id string) (remoteKey, bool) {
	set := k.set.Load()
	if set == nil {
		return remoteKey{}, false
	}
	if id == "" && len(*set) == 1 {
		for _, only := range *set {
			return only, true
		}
	}
	key, ok := (*set)[id]
	return key, ok
}

// reread asks the issuer, unless that was tried a moment ago. A failure leaves
// the keys as they are. The request goes on when its caller hangs up: others
// wait for it, too.
func (k *remoteKeys) reread(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.triedAt.IsZero() && k.now().Sub(k.triedAt) < issuerPause {
		return
	}
	k.triedAt = k.now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issuerPatience)
	defer cancel()
	set, err := k.read(ctx)
	if err != nil {
		return
	}
	k.set.Store(&set)
	k.readAt.Store(k.now().UnixNano())
}

func (k *remoteKeys) read(ctx context.Context) (map[string]remoteKey, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.get(ctx, strings.TrimSuffix(k.issuer, "/")+"/.well-known/openid-configuration", &about); err != nil {
		return nil, err
	}
	if about.Issuer != k.issuer {
		return nil, errors.New("auth: the discovery document is another issuer's")
	}
	if err := CheckIssuer(about.Keys); err != nil {
		return nil, fmt.Errorf("auth: jwks_uri %w", err)
	}
	var document struct {
		Keys []jwkIn `json:"keys"`
	}
	if err := k.get(ctx, about.Keys, &document); err != nil {
		return nil, err
	}
	set := map[string]remoteKey{}
	for _, j := range document.Keys[:min(maxKeys, len(document.Keys))] {
		if key, ok := j.parse(); ok {
			set[j.Kid] = key
		}
	}
	return set, nil
}

func (k *remoteKeys) get(ctx context.Context, url string, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	res, err := k.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("auth: issuer answers %d", res.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(res.Body, maxDocument)).Decode(v)
}

// jwkIn is a public key of RFC 7517, as far as we can use one.
type jwkIn struct {
	Kty string `json:"kty"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	N   string `json:"n"`
	E   string `json:"e"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

// parse gives the key when it is for signatures by RS256 or ES256.
func (j jwkIn) parse() (remoteKey, bool) {
	fits := func(kty, alg string) bool {
		return j.Kty == kty && (j.Alg == "" || j.Alg == alg) && (j.Use == "" || j.Use == "sig")
	}
	switch {
	case fits("RSA", "RS256"):
		key, ok := j.parseRSA()
		return remoteKey{alg: "RS256", key: key}, ok
	case fits("EC", "ES256") && j.Crv == "P-256":
		key, ok := j.parseEC()
		return remoteKey{alg: "ES256", key: key}, ok
	}
	return remoteKey{}, false
}

// parseRSA refuses keys that are shorter than our own.
func (j jwkIn) parseRSA() (*rsa.PublicKey, bool) {
	n, errN := base64.RawURLEncoding.DecodeString(j.N)
	e, errE := base64.RawURLEncoding.DecodeString(j.E)
	if errN != nil || errE != nil || len(e) == 0 || len(e) > 4 {
		return nil, false
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	return key, key.N.BitLen() >= rsaBits
}

// parseEC refuses points that are not on the curve.
func (j jwkIn) parseEC() (*ecdsa.PublicKey, bool) {
	x, errX := base64.RawURLEncoding.DecodeString(j.X)
	y, errY := base64.RawURLEncoding.DecodeString(j.Y)
	if errX != nil || errY != nil || len(x) != 32 || len(y) != 32 {
		return nil, false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	return key, err == nil
}
