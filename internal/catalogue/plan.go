package catalogue

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// Plan is a seating plan made ready for use.
type Plan struct {
	Places *ticket.Plan
	Rows   []ticket.SeatRow
	Finder *bestseats.Finder
	// SeatMap is the plan as buyers read it, JSON, and SeatMapGzip the same
	// compressed.
	SeatMap, SeatMapGzip []byte
	// ETag is SeatMap's strong entity tag, in quotes; GzipETag that of SeatMapGzip.
	ETag, GzipETag string
}

// SeatMap is a seating plan as buyers read it.
type SeatMap struct {
	ID         string                 `json:"id"`
	Name       string                 `json:"name"`
	Size       seatingplan.Size       `json:"size"`
	Categories []seatingplan.Category `json:"categories"`
	// Seats are in the order of their indexes.
	Seats []ticket.Seat `json:"seats"`
}

func build(stored ticket.StoredPlan) (*Plan, error) {
	file, err := seatingplan.Parse(stored.Document)
	if err != nil {
		// It was valid when it was stored; the buyer cannot help it.
		return nil, fmt.Errorf("catalogue: plan %s: %s", stored.ID, err.Error())
	}
	places := file.Plan(stored.ID)
	rows := file.Rows(places)
	p := &Plan{Places: places, Rows: rows, Finder: bestseats.NewFinder(rows)}
	p.SeatMap, err = json.Marshal(SeatMap{
		ID: stored.ID, Name: file.Name, Size: file.Size, Categories: file.Categories, Seats: places.Seats,
	})
	if err != nil {
		return nil, fmt.Errorf("catalogue: plan %s: %w", stored.ID, err)
	}
	p.ETag, p.GzipETag = etags(p.SeatMap)
	p.SeatMapGzip, err = compress(p.SeatMap)
	return p, err
}

// etags gives the strong entity tags of some bytes, and of the same compressed.
func etags(data []byte) (plain, packed string) {
	sum := sha256.Sum256(data)
	tag := hex.EncodeToString(sum[:16])
	return `"` + tag + `"`, `"` + tag + `-gzip"`
}

func compress(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("catalogue: compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("catalogue: compress: %w", err)
	}
	return out.Bytes(), nil
}
