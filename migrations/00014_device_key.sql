-- The key of a device: what it signs was made on it (ECDSA P-256, RFC 7518 ES256).

-- +goose Up

CREATE TABLE device_key (
    device_id   uuid PRIMARY KEY REFERENCES device (id),
    public_key  bytea NOT NULL CHECK (length(public_key) = 65), -- uncompressed point
    thumbprint  text NOT NULL UNIQUE, -- RFC 7638 of the JWK, base64url: a key is that of one device
    attestation text NOT NULL DEFAULT 'none' CHECK (attestation IN ('none', 'software', 'hardware')),
    enrolled_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE device_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- The house itself asks for the key at every request: it need not look for the device again.
CREATE POLICY sight ON device_key
    USING (current_setting('dutybound.scope', true) = '*' OR EXISTS (SELECT FROM device d WHERE d.id = device_id));

-- A key is enrolled once: another key is another device.
GRANT SELECT, INSERT ON device_key TO dutybound_app;
