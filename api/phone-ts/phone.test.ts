// Run by `make test-ts`, which compiles it first. What is signed here is kept in vectors.json (WRITE_VECTORS=1 makes it anew), and
// held by the Go tests to what the server wants.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";

import { digest, keyOf, newKey, Outbox, Phone, prove, thumbprint, uuidv7 } from "./phone.js";
import type { JWK, State } from "./phone.js";

const vectors = new URL(process.env.VECTORS!, "file:");
const device = "0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d";

function parts(compact: string): [header: any, payload: any] {
  const [header, payload] = compact.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  return [header, payload];
}

async function verifies(compact: string, jwk: JWK): Promise<boolean> {
  const [header, payload, signature] = compact.split(".");
  const key = await crypto.subtle.importKey("jwk", { ...jwk }, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, Buffer.from(signature!, "base64url"), Buffer.from(header + "." + payload));
}

function shelf() {
  const kept: { state?: State } = {};
  return { kept, load: async () => structuredClone(kept.state), save: async (state: State) => void (kept.state = structuredClone(state)) };
}

const clock = { wall: () => new Date(1e12), since: () => 60_000.5, boot: "b1" };

test("the thumbprint of RFC 9449", async () => {
  const jwk = { kty: "EC", crv: "P-256", x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA" };
  assert.equal(await thumbprint(jwk), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
});

test("a key cannot be taken out", async () => {
  const key = await newKey();
  assert.equal(key.privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("jwk", key.privateKey));
});

test("ids are UUIDv7", () => {
  assert.match(uuidv7(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(uuidv7(1) < uuidv7(2));
});

test("a request is sent again with the nonce", async () => {
  const key = await newKey();
  let nonce = "n1";
  const asked: string[] = [];
  const phone = new Phone(key, async (request) => {
    const proof = request.headers.get("DPoP")!;
    const [header, claims] = parts(proof);
    assert.ok(await verifies(proof, header.jwk));
    assert.deepEqual(header, { typ: "dpop+jwt", alg: "ES256", jwk: key.jwk });
    assert.equal(claims.htm, "POST");
    assert.equal(claims.htu, "https://duty.example.org/v1/tasks");
    assert.equal(claims.ath, createHash("sha256").update("the-token").digest("base64url"));
    assert.equal(request.headers.get("Authorization"), "DPoP the-token");
    asked.push(await request.text());
    if (claims.nonce === nonce) return new Response("done", { headers: { "DPoP-Nonce": (nonce = "n2") } });
    return new Response(null, { status: 401, headers: { "DPoP-Nonce": nonce, "WWW-Authenticate": 'DPoP error="use_dpop_nonce"' } });
  });
  phone.token = "the-token";
  for (let i = 0; i < 2; i++) {
    const answer = await phone.fetch("https://duty.example.org/v1/tasks?x=1", { method: "POST", body: "hello" });
    assert.equal(await answer.text(), "done");
  }
  assert.deepEqual(asked, ["hello", "hello", "hello"]);
});

test("a server that is never content is asked twice", async () => {
  let asked = 0;
  const phone = new Phone(await newKey(), async (request) => {
    assert.equal(request.headers.get("Authorization"), "Bearer mine");
    return new Response(null, { status: 401, headers: { "DPoP-Nonce": String(asked++), "WWW-Authenticate": 'DPoP error="use_dpop_nonce"' } });
  });
  const answer = await phone.fetch("https://duty.example.org/v1/me", { headers: { Authorization: "Bearer mine" } });
  assert.equal(answer.status, 401);
  assert.equal(asked, 2);
});

test("the outbox keeps its chain", async () => {
  const key = await newKey();
  const kept = shelf();
  let outbox = await Outbox.open(key, device, clock, kept);
  const made = await Promise.all(Array.from({ length: 5 }, (_, i) => outbox.record("/v1/observations", { i }))); // all at once
  await outbox.took(2);
  await outbox.took(1); // an answer that came late
  outbox = await Outbox.open(key, device, clock, kept);
  outbox.sawServer(new Date(2e12));
  made.push(await outbox.record("/v1/observations", { i: 5 }));
  assert.deepEqual(outbox.waiting(9), made.slice(2).map((m) => m.signed));
  assert.deepEqual(outbox.waiting(1), [made[2]!.signed]);
  let prev = "";
  for (const [i, { id, signed }] of made.entries()) {
    const [header, record] = parts(signed);
    assert.ok(await verifies(signed, key.jwk));
    assert.deepEqual(header, { alg: "ES256", typ: "dutybound-record+jws", kid: key.thumbprint });
    assert.deepEqual([record.n, record.prev, record.id, record.body.i, record.since_boot_ms], [i + 1, prev, id, i, 60_000]);
    assert.deepEqual(record.server, i === 5 ? { at: new Date(2e12).toISOString(), since_boot_ms: 60_000 } : null);
    prev = await digest(signed);
  }
});

test("a shelf that is full keeps the chain", async () => {
  const kept = shelf();
  const outbox = await Outbox.open(await newKey(), device, clock, { ...kept, save: async (s) => { if (s.n === 2 && !full--) throw new Error("full"); await kept.save(s); } });
  let full = 0;
  const first = await outbox.record("/v1/observations", 1);
  await assert.rejects(outbox.record("/v1/observations", 2));
  const second = await outbox.record("/v1/observations", 3);
  assert.equal(parts(second.signed)[1].prev, await digest(first.signed));
  assert.equal(outbox.waiting(9).length, 2);
});

interface Vectors {
  jwk: JWK;
  thumbprint: string;
  device: string;
  records: string[];
  proofs: { method: string; url: string; token: string; nonce: string; proof: string }[];
}

test("the vectors that the Go tests read are of this code", async () => {
  if (process.env.WRITE_VECTORS) await writeFile(vectors, JSON.stringify(await make(), null, 2) + "\n");
  const kept: Vectors = JSON.parse(await readFile(vectors, "utf8"));
  const fresh = await make();
  const shape = (compact: string) => parts(compact).map((part) => Object.keys(part));
  assert.equal(kept.thumbprint, await thumbprint(kept.jwk));
  for (const compact of [...kept.records, ...kept.proofs.map((p) => p.proof)]) assert.ok(await verifies(compact, kept.jwk));
  assert.deepEqual(kept.records.map(shape), fresh.records.map(shape));
  assert.deepEqual(kept.proofs.map((p) => shape(p.proof)), fresh.proofs.map((p) => shape(p.proof)));
});

async function make(): Promise<Vectors> {
  const key = await keyOf(await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]));
  const outbox = await Outbox.open(key, device, clock, shelf());
  await outbox.record("/v1/observations", { statements: [{ fact: "uniform", value: "yes", note: "江岸码头 ✓ \u2028" }] });
  outbox.sawServer(new Date(2e12));
  await outbox.record("/v1/tasks/0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d/start", {});
  await outbox.record("/v1/tasks/0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d/acknowledge", undefined);
  const proofs = [];
  for (const [method, url, token, nonce] of [
    ["POST", "https://duty.example.org/v1/sessions", "", ""],
    ["get", "https://duty.example.org/v1/tasks?state=started#x", "5mYJ3u0oG0bM0z1n8kS1H3i8b4oT9qk2rj0c2VQpN9w", "AAAAAAAAAAAAAAAAAAAAAA"],
    ["POST", "http://127.0.0.1:8080/v1/tasks/a%2Fb/start", "t", "n"],
  ] as const) {
    proofs.push({ method: method.toUpperCase(), url, token, nonce, proof: await prove(key, { method, url, token, nonce }) });
  }
  return { jwk: key.jwk, thumbprint: key.thumbprint, device, records: outbox.waiting(9), proofs };
}
