package ticket

// Synonyms are groups of words that mean the same to somebody who looks for a
// concert, folded to lower case without accents. Both the index and the limited
// search use them.
var Synonyms = [][]string{
	{"hip hop", "hiphop", "rap"},
	{"rnb", "r and b", "rhythm and blues"},
	{"dnb", "d and b", "drum and bass"},
	{"edm", "electronic", "electronica"},
	{"classical", "classic"},
	{"symphony", "symphonic"},
	{"munich", "munchen", "muenchen"},
	{"cologne", "koln", "koeln"},
	{"vienna", "wien"},
	{"zurich", "zuerich"},
	{"geneva", "geneve", "genf"},
	{"rome", "roma"},
	{"milan", "milano"},
	{"prague", "praha", "prag"},
	{"lisbon", "lisboa"},
	{"copenhagen", "kobenhavn"},
	{"warsaw", "warszawa"},
	{"brussels", "bruxelles", "brussel"},
}
