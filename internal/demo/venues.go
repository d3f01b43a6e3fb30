package demo

import "yourticket.example/ticket"

// layout is the kind of seating plan a venue has.
type layout int

const (
	theatre layout = iota
	arena
	seatedArena
	stadium
	amphitheatre
	club
)

// The keys of the venues of the events that have slugs of their own.
const (
	keyArena   = "olympiahalle"
	keyStadium = "parken"
	keySoon    = "royal-albert-hall"
)

// venues lists real places. Capacities are those commonly stated for concerts.
func venues() []Venue {
	return []Venue{
		// Germany, Austria, Switzerland
		at(keyArena, "Olympiahalle", "Munich", "DE", 48.1750, 11.5500, 15_500, arena, "Europe/Berlin"),
		at("columbiahalle", "Columbiahalle", "Berlin", "DE", 52.4847, 13.3922, 3_500, club, "Europe/Berlin"),
		at("lanxess-arena", "Lanxess Arena", "Cologne", "DE", 50.9386, 6.9829, 20_000, arena, "Europe/Berlin"),
		at("elbphilharmonie", "Elbphilharmonie, Grand Hall", "Hamburg", "DE", 53.5413, 9.9841, 2_100, theatre, "Europe/Berlin"),
		standingRoom(at("musikverein", "Musikverein, Golden Hall", "Vienna", "AT", 48.2005, 16.3726, 2_044, theatre, "Europe/Vienna"), 300),
		at("hallenstadion", "Hallenstadion", "Zürich", "CH", 47.4114, 8.5517, 13_000, arena, "Europe/Zurich"),
		// The British Isles
		at("the-o2", "The O2 Arena", "London", "GB", 51.5030, 0.0032, 20_000, arena, "Europe/London"),
		at(keySoon, "Royal Albert Hall", "London", "GB", 51.5009, -0.1774, 5_272, theatre, "Europe/London"),
		at("ovo-hydro", "OVO Hydro", "Glasgow", "GB", 55.8603, -4.2853, 14_300, arena, "Europe/London"),
		at("3arena", "3Arena", "Dublin", "IE", 53.3475, -6.2285, 13_000, arena, "Europe/Dublin"),
		// France and the Low Countries
		at("accor-arena", "Accor Arena", "Paris", "FR", 48.8386, 2.3785, 20_300, arena, "Europe/Paris"),
		at("olympia", "L'Olympia", "Paris", "FR", 48.8702, 2.3284, 1_985, theatre, "Europe/Paris"),
		at("ancienne-belgique", "Ancienne Belgique", "Brussels", "BE", 50.8469, 4.3486, 2_000, club, "Europe/Brussels"),
		at("ziggo-dome", "Ziggo Dome", "Amsterdam", "NL", 52.3136, 4.9371, 17_000, arena, "Europe/Amsterdam"),
		at("paradiso", "Paradiso", "Amsterdam", "NL", 52.3622, 4.8839, 1_500, club, "Europe/Amsterdam"),
		at("concertgebouw", "Concertgebouw, Main Hall", "Amsterdam", "NL", 52.3563, 4.8791, 1_974, theatre, "Europe/Amsterdam"),
		// The North
		at(keyStadium, "Parken Stadium", "Copenhagen", "DK", 55.7025, 12.5722, 50_000, stadium, "Europe/Copenhagen"),
		at("oslo-spektrum", "Oslo Spektrum", "Oslo", "NO", 59.9129, 10.7546, 9_700, arena, "Europe/Oslo"),
		at("avicii-arena", "Avicii Arena", "Stockholm", "SE", 59.2936, 18.0836, 16_000, arena, "Europe/Stockholm"),
		at("helsinki-music-centre", "Helsinki Music Centre", "Helsinki", "FI", 60.1736, 24.9350, 1_704, theatre, "Europe/Helsinki"),
		// The South
		at("palau-sant-jordi", "Palau Sant Jordi", "Barcelona", "ES", 41.3633, 2.1526, 17_960, arena, "Europe/Madrid"),
		at("la-scala", "Teatro alla Scala", "Milan", "IT", 45.4674, 9.1895, 2_030, theatre, "Europe/Rome"),
		// North America
		at("madison-square-garden", "Madison Square Garden", "New York", "US", 40.7505, -73.9934, 20_000, arena, "America/New_York"),
		at("carnegie-hall", "Carnegie Hall, Stern Auditorium", "New York", "US", 40.7651, -73.9799, 2_804, theatre, "America/New_York"),
		at("symphony-hall", "Symphony Hall", "Boston", "US", 42.3428, -71.0857, 2_625, theatre, "America/New_York"),
		at("chicago-theatre", "The Chicago Theatre", "Chicago", "US", 41.8855, -87.6274, 3_600, theatre, "America/Chicago"),
		at("ryman", "Ryman Auditorium", "Nashville", "US", 36.1613, -86.7785, 2_362, theatre, "America/Chicago"),
		at("moody-theater", "ACL Live at The Moody Theater", "Austin", "US", 30.2653, -97.7469, 2_750, club, "America/Chicago"),
		at("red-rocks", "Red Rocks Amphitheatre", "Morrison", "US", 39.6653, -105.2058, 9_525, amphitheatre, "America/Denver"),
		at("paramount", "Paramount Theatre", "Seattle", "US", 47.6133, -122.3317, 2_807, theatre, "America/Los_Angeles"),
		at("the-fillmore", "The Fillmore", "San Francisco", "US", 37.7840, -122.4331, 1_315, club, "America/Los_Angeles"),
		at("hollywood-bowl", "Hollywood Bowl", "Los Angeles", "US", 34.1122, -118.3391, 17_500, amphitheatre, "America/Los_Angeles"),
		// Asia and the Pacific
		at("nippon-budokan", "Nippon Budokan", "Tokyo", "JP", 35.6933, 139.7500, 14_471, seatedArena, "Asia/Tokyo"),
		at("singapore-indoor-stadium", "Singapore Indoor Stadium", "Singapore", "SG", 1.3004, 103.8743, 12_000, arena, "Asia/Singapore"),
		at("hong-kong-coliseum", "Hong Kong Coliseum", "Hong Kong", "HK", 22.3015, 114.1820, 12_500, seatedArena, "Asia/Hong_Kong"),
		at("palais-theatre", "Palais Theatre", "Melbourne", "AU", -37.8676, 144.9760, 2_896, theatre, "Australia/Melbourne"),
		at("spark-arena", "Spark Arena", "Auckland", "NZ", -36.8472, 174.7769, 12_000, arena, "Pacific/Auckland"),
	}
}

// currencies are those of the venues' countries.
var currencies = map[string]string{
	"AT": "EUR", "AU": "AUD", "BE": "EUR", "CH": "CHF", "DE": "EUR", "DK": "DKK", "ES": "EUR", "FI": "EUR",
	"FR": "EUR", "GB": "GBP", "HK": "HKD", "IE": "EUR", "IT": "EUR", "JP": "JPY", "NL": "EUR", "NO": "NOK",
	"NZ": "NZD", "SE": "SEK", "SG": "SGD", "US": "USD",
}

func at(key, name, city, country string, lat, lon float64, capacity int, l layout, zone string) Venue {
	return Venue{
		Venue:    ticket.Venue{Name: name, City: city, Country: country, Lat: lat, Lon: lon},
		Key:      key,
		Capacity: capacity,
		Currency: currencies[country],
		TimeZone: zone,
		layout:   l,
	}
}

func standingRoom(v Venue, places int) Venue {
	v.standing = places
	return v
}
