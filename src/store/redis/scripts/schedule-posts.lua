-- Notes when a session's next post is due ('' for never), unless a newer note is there.
-- KEYS: due, versions. ARGV: session, version, due time.
schedulePosts(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
return 1
