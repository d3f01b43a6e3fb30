-- +goose Up

-- search_fold writes a text as it is compared: in lower case, Latin letters
-- without their accents. internal/search folds what is asked for in the same
-- way. It needs no extension, since not every PostgreSQL comes with unaccent.
-- +goose StatementBegin
CREATE FUNCTION search_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT btrim(replace(replace(replace(replace(translate(lower(normalize(regexp_replace(
		normalize(value, NFD), '([A-Za-z])[\u0300-\u036f]+', '\1', 'g'), NFC)),
		'øłđıðħŧ', 'oldidht'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'))
$$;
-- +goose StatementEnd

-- search_words leaves of a text its folded words, with spaces between them, so
-- that the parser of full-text search finds no hosts, paths or signed numbers.
-- +goose StatementBegin
CREATE FUNCTION search_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT regexp_replace(replace(regexp_replace(search_fold(value), '[''’ʼ]', '', 'g'), '&', ' and '),
		'[\u0001-/:-@\[-`{-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g')
$$;
-- +goose StatementEnd

-- What the limited search reads of an event and its venue. Triggers keep it;
-- Elasticsearch has nothing to do with it.
CREATE TABLE event_search (
    event_id text COLLATE "C" PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    -- Weight A is the artist, B the name, C venue, city and genre, D the description.
    words    tsvector NOT NULL,
    artist   text COLLATE "C" NOT NULL,
    genre    text COLLATE "C" NOT NULL,
    venue    text COLLATE "C" NOT NULL,
    city     text COLLATE "C" NOT NULL,
    country  text COLLATE "C" NOT NULL,
    lat      double precision NOT NULL,
    lon      double precision NOT NULL
);
CREATE INDEX event_search_words ON event_search USING gin (words);
CREATE INDEX event_search_city ON event_search (city);
CREATE INDEX event_search_artist ON event_search (artist);

-- event_search_refresh writes the rows of one event, or of all events of a venue.
-- +goose StatementBegin
CREATE FUNCTION event_search_refresh(of_event text, of_venue text) RETURNS void
LANGUAGE sql AS $$
	INSERT INTO event_search (event_id, words, artist, genre, venue, city, country, lat, lon)
	SELECT e.id,
	       setweight(to_tsvector('simple', search_words(e.artist)), 'A') ||
	       setweight(to_tsvector('simple', search_words(e.name)), 'B') ||
	       setweight(to_tsvector('simple', search_words(concat_ws(' ', v.name, v.city, e.genre))), 'C') ||
	       setweight(to_tsvector('simple', search_words(e.description)), 'D'),
	       search_fold(e.artist), search_fold(e.genre), search_words(v.name), search_fold(v.city), v.country, v.lat, v.lon
	FROM events e JOIN venues v ON v.id = e.venue_id
	WHERE e.id = of_event OR e.venue_id = of_venue
	ON CONFLICT (event_id) DO UPDATE
	SET words = excluded.words, artist = excluded.artist, genre = excluded.genre, venue = excluded.venue, city = excluded.city,
	    country = excluded.country, lat = excluded.lat, lon = excluded.lon
$$;

CREATE FUNCTION event_search_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF TG_TABLE_NAME = 'events' THEN
		PERFORM event_search_refresh(NEW.id, NULL);
	ELSE
		PERFORM event_search_refresh(NULL, NEW.id);
	END IF;
	RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER event_search_events AFTER INSERT OR UPDATE OF name, artist, genre, description, venue_id ON events
FOR EACH ROW EXECUTE FUNCTION event_search_keep();
CREATE TRIGGER event_search_venues AFTER UPDATE OF name, city, country, lat, lon ON venues
FOR EACH ROW EXECUTE FUNCTION event_search_keep();

SELECT event_search_refresh(NULL, id) FROM venues;

-- +goose Down
DROP TRIGGER event_search_venues ON venues;
DROP TRIGGER event_search_events ON events;
DROP FUNCTION event_search_keep(), event_search_refresh(text, text);
DROP TABLE event_search;
DROP FUNCTION search_words(text), search_fold(text);
