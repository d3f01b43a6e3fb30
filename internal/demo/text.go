package demo

import (
	"math/rand/v2"
	"strings"
)

// openers begin a description.
var openers = []string{
	"{artist} bring “{tour}” to the stage.",
	"With “{tour}”, {artist} are back on the road.",
	"{artist} play the whole of “{tour}”, and what the evening asks for after it.",
	"One night, one stage: {artist} and “{tour}”.",
	"{artist} open a new chapter with “{tour}”.",
	"After a year in the rehearsal room, {artist} present “{tour}”.",
}

// sounds describe what each genre's evening is like.
var sounds = map[string][]string{
	"Rock":       {"Two guitars, no click track and very little small talk.", "Choruses built for big rooms.", "Loud where it counts, and quiet just before."},
	"Pop":        {"Bright hooks, a moving stage and confetti by weight.", "A dance floor from the first row to the last.", "Every single, two surprises and one very long costume change."},
	"Electronic": {"Live machines, patched by hand and never the same twice.", "Low ends that you feel in your shoes.", "A slow sunrise of a set, light and sound from one score."},
	"Indie":      {"Songs about small rooms, played as if in one.", "Jangling, wry and better with a crowd.", "New songs first, old friends after."},
	"Hip-Hop":    {"A full band, four voices and no backing track.", "Quick tongues over slow drums.", "Verses from every record, and a cypher to close."},
	"Jazz":       {"Two sets, mostly written, partly not.", "Standards taken apart and put back slightly crooked.", "Close your eyes for the ballads, open them for the drum solo."},
	"Classical":  {"Familiar works beside a first performance.", "An evening in two halves with a talk before the concert.", "Chamber music on a grand scale."},
	"Metal":      {"Bring earplugs, and use them.", "Slow riffs, fast riffs and a wall of light.", "Heavy as weather, precise as clockwork."},
	"Folk":       {"Fiddle, harmonies and stories between the songs.", "Old tunes from new hands.", "Songs for the walk home."},
	"Soul":       {"A horn section that will not sit down.", "Slow burners first, then everybody up.", "Ten people on stage and one groove."},
}

// closers end a description.
var closers = []string{
	"Live at {venue}, {city}.",
	"One evening in {city}.",
	"{venue} has the sound for it.",
	"Doors open early; the support act is worth it.",
	"Part of the season at {venue}.",
}

// describe writes three sentences about a concert.
func describe(r *rand.Rand, a artist, v *Venue) string {
	text := strings.Join([]string{pick(r, openers), pick(r, sounds[a.genre]), pick(r, closers)}, " ")
	return strings.NewReplacer("{artist}", a.name, "{tour}", a.tour, "{venue}", v.Name, "{city}", v.City).Replace(text)
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// unaccented writes the accented letters of the venues' cities in ASCII.
var unaccented = strings.NewReplacer("ü", "u", "ö", "o", "ä", "a", "é", "e", "è", "e")

// slug writes names as part of an address: lower case, digits and single hyphens.
func slug(names ...string) string {
	var b strings.Builder
	for _, c := range unaccented.Replace(strings.ToLower(strings.Join(names, " "))) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}
