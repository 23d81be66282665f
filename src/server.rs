//! The server: who is online, who is in which conversation, and every message to those whom it concerns.
