/**
 * The numbers both sides must agree on. Sizes are bytes as they travel (UTF-8, base64 included).
 */

/** A message after reassembly; the gateway closes the connection with 1009 above it. @see WS-42, MG-11 */
export const MESSAGE_BYTES = 131_072;

/** A single frame; the gateway closes the connection with 1009 above it. @see WS-41 */
export const FRAME_BYTES = 32_768;

/** What we put into one frame: below the limit even if the gateway counts the frame's own header. */
export const SENT_FRAME_BYTES = 32_000;

/**
 * Raw bytes of a body in one part: as many as one message can carry, in base64 (130,752) beside an envelope of at most 320;
 * a multiple of 3, so that no part but the last is padded. Why the largest: PROTOCOL.md, "How large a part is".
 */
export const PART_BYTES = 98_064;

/** Bytes of one body that may be under way, of which the receiver has not given credit for more: 21 parts. */
export const WINDOW_BYTES = 21 * PART_BYTES;

/** More parts than any door can carry (a 200 MB stream has 2,185): a larger number is malformed. */
export const MAX_PARTS = 4_096;

/** How long the agent waits for `connection_established` after `ready`, in milliseconds. */
export const HANDSHAKE_MS = 10_000;

/**
 * How long an agent may work on an answer before it says `accepted`, and an edge that has heard nothing of a request sends it
 * again only later than that, in milliseconds.
 */
export const ACCEPT_AFTER_MS = 1_250;

/** A version 1 agent's own `ping` interval, and what the edge asks of others, in seconds: well inside WS-46's 600. */
export const HEARTBEAT_SECONDS = 300;

/** A connection lives two hours at most, whatever its activity, in seconds. @see WS-47 */
export const CONNECTION_LIFE_SECONDS = 7_200;

/** When the edge asks an agent to have renewed its connection, in seconds: ten minutes before the end. */
export const RENEW_AFTER_SECONDS = 6_600;
