package payloadcodec_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"

	"yourticket.example/internal/payloadcodec"
)

func secret(fill byte) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(fill), 32)))
}

func codec(t testing.TB, keys string) *payloadcodec.Codec {
	t.Helper()
	parsed, err := payloadcodec.ParseKeys(keys)
	require.NoError(t, err)
	c, err := payloadcodec.New(parsed)
	require.NoError(t, err)
	return c
}

func plain() []*commonpb.Payload {
	return []*commonpb.Payload{
		{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`{"card":"pm_card_visa"}`)},
		{Metadata: map[string][]byte{"encoding": []byte("binary/null")}},
	}
}

func TestSealedPayloadsOpenAndShowNothing(t *testing.T) {
	t.Parallel()
	c := codec(t, "a:"+secret('a'))
	sealed, err := c.Encode(plain())
	require.NoError(t, err)
	for _, p := range sealed {
		text := p.String()
		require.NotContains(t, text, "pm_card_visa")
		require.NotContains(t, text, "json")
	}
	opened, err := c.Decode(sealed)
	require.NoError(t, err)
	for i, p := range plain() {
		require.True(t, proto.Equal(p, opened[i]))
	}
	again, err := c.Encode(plain())
	require.NoError(t, err)
	require.NotEqual(t, sealed[0].GetData(), again[0].GetData(), "the same is not recognized")
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	before, err := codec(t, "a:"+secret('a')).Encode(plain())
	require.NoError(t, err)
	rotated := codec(t, "b:"+secret('b')+",a:"+secret('a'))
	opened, err := rotated.Decode(before)
	require.NoError(t, err)
	require.True(t, proto.Equal(plain()[0], opened[0]))
	after, err := rotated.Encode(plain())
	require.NoError(t, err)
	_, err = codec(t, "a:"+secret('a')).Decode(after)
	require.ErrorContains(t, err, `no key "b"`)
}

func TestWhatIsNotSealedStays(t *testing.T) {
	t.Parallel()
	opened, err := codec(t, "a:"+secret('a')).Decode(plain())
	require.NoError(t, err)
	require.Equal(t, plain()[0].GetData(), opened[0].GetData())
}

func TestChangedPayloadsDoNotOpen(t *testing.T) {
	t.Parallel()
	c := codec(t, "a:"+secret('a')+",b:"+secret('b'))
	for name, change := range map[string]func(*commonpb.Payload){
		"a flipped bit":  func(p *commonpb.Payload) { p.GetData()[len(p.GetData())-1] ^= 1 },
		"another key id": func(p *commonpb.Payload) { p.Metadata["key-id"] = []byte("b") },
		"cut short":      func(p *commonpb.Payload) { p.Data = p.GetData()[:5] },
		"empty":          func(p *commonpb.Payload) { p.Data = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed, err := c.Encode(plain())
			require.NoError(t, err)
			change(sealed[0])
			_, err = c.Decode(sealed)
			require.Error(t, err)
		})
	}
}

func TestKeysAreChecked(t *testing.T) {
	t.Parallel()
	for text, fault := range map[string]string{
		"a":                                      "ID:SECRET",
		"a:short":                                "32 bytes",
		"a b:" + secret('a'):                     "ID:SECRET",
		"a:" + secret('a') + ",a:" + secret('b'): "twice",
	} {
		_, err := payloadcodec.ParseKeys(text)
		require.ErrorContains(t, err, fault)
		require.NotContains(t, err.Error(), secret('a'))
	}
	keys, err := payloadcodec.ParseKeys("")
	require.NoError(t, err)
	require.Empty(t, keys)
	_, err = payloadcodec.New(nil)
	require.Error(t, err)
}

func BenchmarkSealAndOpen(b *testing.B) {
	c := codec(b, "a:"+secret('a'))
	payloads := []*commonpb.Payload{{Data: []byte(strings.Repeat("x", 600))}}
	for b.Loop() {
		sealed, err := c.Encode(payloads)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Decode(sealed); err != nil {
			b.Fatal(err)
		}
	}
}
