// A reference of what a phone or browser does that no generated client can: it keeps a key, proves with each request that it has it
// (DPoP, RFC 9449), and signs what it records while there is no network. WebCrypto only, no dependencies; the same in Go is in
// api/phone. The key cannot be taken out: keep the CryptoKey itself in IndexedDB.

export interface JWK {
  crv: string;
  kty: string;
  x: string;
  y: string;
}

export interface Key {
  privateKey: CryptoKey;
  jwk: JWK; // what the server is told: `device_key: {jwk}` at the sign-in
  thumbprint: string; // names the key (RFC 7638)
}

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
const utf8 = new TextEncoder();

/** Makes a key that nobody can take out of the device. */
export async function newKey(): Promise<Key> {
  return keyOf(await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]));
}

/** The key of a pair that was made before, for instance one that was kept in IndexedDB. */
export async function keyOf(pair: CryptoKeyPair): Promise<Key> {
  const { crv, kty, x, y } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JWK;
  const jwk = { crv, kty, x, y };
  return { privateKey: pair.privateKey, jwk, thumbprint: await thumbprint(jwk) };
}

/** RFC 7638: the required members only, in the order of their names. */
export function thumbprint({ crv, kty, x, y }: JWK): Promise<string> {
  return sha256(JSON.stringify({ crv, kty, x, y }));
}

async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text))));
}

function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function sign(key: Key, header: object, payload: object): Promise<string> {
  const part = (value: object) => base64url(utf8.encode(JSON.stringify(value)));
  const signed = part(header) + "." + part(payload);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, utf8.encode(signed));
  return signed + "." + base64url(new Uint8Array(signature)); // WebCrypto writes r and s one after the other, as ES256 wants it
}

export interface Asking {
  method: string;
  url: string; // absolute
  token?: string; // that the proof comes with
  nonce?: string; // of the server
}

/** Makes the value of the DPoP header. The server does not look at `iat`: a phone's clock decides nothing. */
export async function prove(key: Key, { method, url, token, nonce }: Asking): Promise<string> {
  const address = new URL(url);
  address.search = address.hash = address.username = address.password = "";
  return sign(key, { typ: "dpop+jwt", alg: "ES256", jwk: key.jwk }, {
    jti: crypto.randomUUID(),
    htm: method.toUpperCase(),
    htu: address.href,
    iat: Math.floor(Date.now() / 1000),
    ...(token && { ath: await sha256(token) }),
    ...(nonce && { nonce }),
  });
}

type Fetch = (input: Request) => Promise<Response>;

/**
 * A `fetch` that sends proofs. It learns the server's nonce from any answer, and sends a request again that was refused for want of one:
 * the server has done nothing then. Without a token it only proves the key, as for signing in.
 */
export class Phone {
  token?: string;
  private readonly nonces = new Map<string, string>(); // by server

  constructor(readonly key: Key, private readonly base: Fetch = (request) => fetch(request)) {}

  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const origin = new URL(request.url).origin;
    const nonce = this.nonces.get(origin);
    const answer = await this.send(request.clone(), origin, nonce);
    const wanting = answer.status === 401 && answer.headers.get("WWW-Authenticate")?.includes('error="use_dpop_nonce"');
    const next = this.nonces.get(origin);
    return wanting && next !== nonce ? this.send(request, origin, next) : answer;
  }

  private async send(request: Request, origin: string, nonce?: string): Promise<Response> {
    const own = request.headers.get("Authorization"); // as when a token without a key enrols one
    const token = own ? own.slice(own.indexOf(" ") + 1) : this.token;
    if (!own && token) request.headers.set("Authorization", "DPoP " + token);
    request.headers.set("DPoP", await prove(this.key, { method: request.method, url: request.url, token, nonce }));
    const answer = await this.base(request);
    const next = answer.headers.get("DPoP-Nonce");
    if (next) this.nonces.set(origin, next);
    return answer;
  }
}

/** One request that a phone made while it had no network. See the Go type Record in api/phone for what each member means. */
export interface Record {
  device: string;
  n: number;
  prev: string;
  id: string;
  method: "POST";
  path: string;
  body: unknown;
  wall: string;
  boot: string;
  since_boot_ms: number;
  server: { at: string; since_boot_ms: number } | null;
}

export function signRecord(key: Key, r: Record): Promise<string> {
  const { device, n, prev, id, method, path, body, wall, boot, since_boot_ms, server } = r; // and nothing else
  const record = { device, n, prev, id, method, path, body: body ?? null, wall, boot, since_boot_ms, server };
  return sign(key, { alg: "ES256", typ: "dutybound-record+jws", kid: key.thumbprint }, record);
}

/** What the next record names a signed one by: the SHA-256 of what is signed. Of one record there are as many signatures as one likes. */
export function digest(signed: string): Promise<string> {
  return sha256(signed.slice(0, signed.lastIndexOf(".")));
}

/** A UUIDv7: the id of a command, made by the device. */
export function uuidv7(now = Date.now()): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  random[0] = (random[0]! & 0x0f) | 0x70;
  random[2] = (random[2]! & 0x3f) | 0x80;
  const hex = now.toString(16).padStart(12, "0") + [...random].map((b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** What a phone knows of the time. `since` cannot be set by anybody; `boot` names the time since the phone was switched on. */
export interface Clock {
  wall(): Date;
  since(): number; // milliseconds
  boot: string;
}

/** Where the outbox stands: in IndexedDB, or wherever it outlives the app. `save` must have kept it when its promise is kept. */
export interface Shelf {
  load(): Promise<State | undefined>;
  save(state: State): Promise<void>;
}

export interface State {
  n: number;
  prev: string;
  waiting: string[]; // signed, oldest first
}

/** What was recorded and not taken by the server yet. A record counts once it is saved. For one process: a tab, a worker, an app. */
export class Outbox {
  private server: Record["server"] = null;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly key: Key,
    private readonly device: string,
    private readonly clock: Clock,
    private readonly shelf: Shelf,
    private state: State,
  ) {}

  static async open(key: Key, device: string, clock: Clock, shelf: Shelf): Promise<Outbox> {
    return new Outbox(key, device, clock, shelf, (await shelf.load()) ?? { n: 0, prev: "", waiting: [] });
  }

  /** Notes the time that an answer of the server told (its Date header). */
  sawServer(at: Date): void {
    this.server = { at: at.toISOString(), since_boot_ms: Math.floor(this.clock.since()) };
  }

  /** Writes a request down and signs it, one after the other: the chain has no forks. */
  record(path: string, body: unknown): Promise<{ id: string; signed: string }> {
    return this.inTurn(async () => {
      const id = uuidv7();
      const n = this.state.n + 1;
      const signed = await signRecord(this.key, {
        device: this.device, n, prev: this.state.prev, id, method: "POST", path, body, wall: this.clock.wall().toISOString(),
        boot: this.clock.boot, since_boot_ms: Math.floor(this.clock.since()), server: this.server,
      });
      await this.keep({ n, prev: await digest(signed), waiting: [...this.state.waiting, signed] });
      return { id, signed };
    });
  }

  /** At most so many signed records that the server has not taken, oldest first. Sending twice does no harm. */
  waiting(most: number): string[] {
    return this.state.waiting.slice(0, most);
  }

  /** Notes that the server has taken the records up to a number. */
  took(n: number): Promise<void> {
    return this.inTurn(async () => {
      const first = this.state.n - this.state.waiting.length; // the number before the oldest that waits
      if (n > first && n <= this.state.n) await this.keep({ ...this.state, waiting: this.state.waiting.slice(n - first) });
    });
  }

  private async keep(state: State): Promise<void> {
    await this.shelf.save(state);
    this.state = state;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn;
    return turn;
  }
}
