-- +goose Up

-- The refresh of one event reads one event: asked for either an event or a
-- venue, the planner read all events for each that was written, so that the
-- cost of a change grew with the catalogue (30 ms each at 200,000 events).
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION event_search_refresh(of_event text, of_venue text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO event_search (event_id, words, artist, genre, venue, city, country, lat, lon)
	SELECT e.id,
	       setweight(to_tsvector('simple', search_words(e.artist)), 'A') ||
	       setweight(to_tsvector('simple', search_words(e.name)), 'B') ||
	       setweight(to_tsvector('simple', search_words(concat_ws(' ', v.name, v.city, e.genre))), 'C') ||
	       setweight(to_tsvector('simple', search_words(e.description)), 'D'),
	       search_fold(e.artist), search_fold(e.genre), search_words(v.name), search_fold(v.city), v.country, v.lat, v.lon
	FROM (
		SELECT * FROM events WHERE id = of_event
		UNION ALL
		SELECT * FROM events WHERE venue_id = of_venue AND of_event IS NULL
	) e JOIN venues v ON v.id = e.venue_id
	ON CONFLICT (event_id) DO UPDATE
	SET words = excluded.words, artist = excluded.artist, genre = excluded.genre, venue = excluded.venue, city = excluded.city,
	    country = excluded.country, lat = excluded.lat, lon = excluded.lon;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION event_search_refresh(of_event text, of_venue text) RETURNS void
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
-- +goose StatementEnd
