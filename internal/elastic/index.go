package elastic

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"yourticket.example/ticket"
)

const (
	// Alias is the name under which events are searched.
	Alias = "events"
	// metaHash is the key of the mapping's hash in its _meta.
	metaHash = "mapping_hash"
)

//go:embed index.json
var indexFile []byte

// definition is the body that creates an index, and the hash of its content.
var definition, definitionHash = define()

// IndexBody is the body of a request that creates an index of events. It must
// not be changed.
func IndexBody() []byte { return definition }

// IndexHash names the mapping and the analysis of this build. An index whose
// _meta has another one was made by another build.
func IndexHash() string { return definitionHash }

// IndexName names a new index.
func IndexName(now time.Time) string {
	return Alias + "-" + now.UTC().Format("20060102-150405.000000")
}

// define adds the synonyms and the hash to index.json. Both it and they are
// part of the program, so a fault is one of the program.
func define() (body []byte, hash string) {
	var index map[string]any
	if err := json.Unmarshal(indexFile, &index); err != nil {
		panic(fmt.Sprintf("elastic: index.json: %v", err))
	}
	rules := make([]string, len(ticket.Synonyms))
	for i, group := range ticket.Synonyms {
		rules[i] = strings.Join(group, ", ")
	}
	at(index, "settings", "analysis", "filter", "synonyms")["synonyms"] = rules
	sum := sha256.Sum256(encode(index))
	hash = hex.EncodeToString(sum[:8])
	at(index, "mappings", "_meta")[metaHash] = hash
	return encode(index), hash
}

func at(object map[string]any, path ...string) map[string]any {
	for _, name := range path {
		inner, ok := object[name].(map[string]any)
		if !ok {
			panic(fmt.Sprintf("elastic: index.json has no %s", strings.Join(path, ".")))
		}
		object = inner
	}
	return object
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("elastic: %v", err)) // made of what was decoded before
	}
	return text
}
