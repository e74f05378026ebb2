#!/bin/sh
# Buys a video with curl: SHOP, and PAY, a command that pays the invoice that follows it.
set -eu

json='Content-Type: application/json'
key=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)

# Asked again with the same key, a lost answer is the same quote.
quote=$(curl -sS --fail-with-body --retry 5 "$SHOP/lightning/request-video/text" -H "$json" -H "Idempotency-Key: $key" \
    -d '{"text": "Hello from curl.", "avatar": "european_woman", "emotion": "happy", "language": "en"}')
invoice=$(printf '%s' "$quote" | sed 's/.*"bolt11_invoice": *"\([a-z0-9]*\)".*/\1/')

$PAY "$invoice"

# It streams while it is rendered; a broken download exits with an error, and can be asked for again.
curl -sS --fail-with-body "$SHOP/lightning/generate-video" -H "$json" -d "{\"bolt11_invoice\": \"$invoice\"}" -o "$1"
