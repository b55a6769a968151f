BEGIN TRANSACTION;
CREATE TABLE cascade_bases (
	base_id TEXT NOT NULL, 
	livemode BOOLEAN NOT NULL, 
	since TEXT NOT NULL, 
	seal TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (base_id)
);
INSERT INTO "cascade_bases" VALUES('appVenice',0,'2026-11-20T14:00:00.000000+00:00','a5877f3a0a572a987a69841a9455a9bc8c78a165801c8ae34d44c5aa2838c4a6');
CREATE TABLE cascade_chain (
	id INTEGER NOT NULL, 
	head TEXT NOT NULL, 
	entries INTEGER NOT NULL, 
	seals TEXT DEFAULT '{}' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "cascade_chain" VALUES(1,'8f0321537ae8b39e9350540fc589bf98a63af452dab2a9f546e786482b4b1a23',14,'{"cascade_bases":[1,"a5877f3a0a572a987a69841a9455a9bc8c78a165801c8ae34d44c5aa2838c4a6"],"cascade_claims":[2,"64d4d2132f7c8f722f6d159640c4175de778f871ca5fb2608a338b414cfee782"],"cascade_events":[1,"8d04d7b01ba8b2fab3cfe8833b6a47bfbe51dc6eb6d96de5201f67ee75f86bd6"],"cascade_marks":[2,"0cfa3b64856cd737b3cdd39ab78895e48dbc96c20bf0c2abd9f35ad74159d1cc"]}');
CREATE TABLE cascade_claims (
	"key" TEXT NOT NULL, 
	citizen TEXT NOT NULL, 
	ducats TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	first_at TEXT NOT NULL, 
	day TEXT NOT NULL, 
	intent_seq INTEGER NOT NULL, 
	run TEXT NOT NULL, 
	host TEXT NOT NULL, 
	birth TEXT NOT NULL, 
	operator TEXT NOT NULL, 
	command TEXT NOT NULL, 
	since TEXT NOT NULL, 
	lease_until TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	last_action TEXT, 
	last_attempt_at TEXT, 
	last_run TEXT, 
	last_fate TEXT, 
	seal TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (intent_seq)
);
INSERT INTO "cascade_claims" VALUES('cascade_payment_pi_1','marco','100','event','2026-11-20T14:00:00.000000+00:00','2026-11-20',2,'','','','','','','',0,'activate','2026-11-20T14:00:00.000000+00:00','run-anna','applied','1e85060a51b10f670bdc2f5ff8ff32103ea30f6c851a79008607d3abbabeb82c');
INSERT INTO "cascade_claims" VALUES('cascade_manual_tip','lucia','100','event','2026-11-20T14:00:00.000000+00:00','2026-11-20',12,'','','','','','','',0,'activate','2026-11-20T14:00:00.000000+00:00','run-anna','applied','464fcc08ddcb800b2390e63647c4e54da8d5e90545453960042bb79592402f56');
CREATE TABLE cascade_entries (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	run TEXT NOT NULL, 
	host TEXT NOT NULL, 
	operator TEXT NOT NULL, 
	command TEXT NOT NULL, 
	body TEXT NOT NULL, 
	previous_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "cascade_entries" VALUES(1,'2026-11-20T14:00:00.000000+00:00','run','','run-anna','till-1','anna','cascade credit marco 100','{"base":"appVenice","livemode":false}','0000000000000000000000000000000000000000000000000000000000000000','f3781f6540f9c4975b55b7ede601dab74e7e16a69bb8909e0790fafae19ad024');
INSERT INTO "cascade_entries" VALUES(2,'2026-11-20T14:00:00.000000+00:00','intent','cascade_payment_pi_1','run-anna','till-1','anna','cascade credit marco 100','{"cause":"event","citizen":"marco","detail":{},"ducats":"100"}','f3781f6540f9c4975b55b7ede601dab74e7e16a69bb8909e0790fafae19ad024','239b76badc66ce009c74816f3b7e3a3f0bd6c2e891d6a892283858c0017014a1');
INSERT INTO "cascade_entries" VALUES(3,'2026-11-20T14:00:00.000000+00:00','attempt','cascade_payment_pi_1','run-anna','till-1','anna','cascade credit marco 100','{"action":"create","detail":{}}','239b76badc66ce009c74816f3b7e3a3f0bd6c2e891d6a892283858c0017014a1','e71a7cc619e8540ee56f6d657e0f4f9a22762e53666ce020e3a67a0bfecaf927');
INSERT INTO "cascade_entries" VALUES(4,'2026-11-20T14:00:00.000000+00:00','outcome','cascade_payment_pi_1','run-anna','till-1','anna','cascade credit marco 100','{"action":"create","detail":{"record":"rec1"},"fate":"applied"}','e71a7cc619e8540ee56f6d657e0f4f9a22762e53666ce020e3a67a0bfecaf927','f3999604822f6be58742aa2b78199f52be521134c873ecf3d3f3ffdd9fa0721d');
INSERT INTO "cascade_entries" VALUES(5,'2026-11-20T14:00:00.000000+00:00','attempt','cascade_payment_pi_1','run-anna','till-1','anna','cascade credit marco 100','{"action":"activate","detail":{}}','f3999604822f6be58742aa2b78199f52be521134c873ecf3d3f3ffdd9fa0721d','217c97ab7c08d52ae1e4e9f60dd4ab95a011216af96232745050c6a420326681');
INSERT INTO "cascade_entries" VALUES(6,'2026-11-20T14:00:00.000000+00:00','outcome','cascade_payment_pi_1','run-anna','till-1','anna','cascade credit marco 100','{"action":"activate","detail":{"record":"rec1"},"fate":"applied"}','217c97ab7c08d52ae1e4e9f60dd4ab95a011216af96232745050c6a420326681','964a5b4b73d139adea566dc88928cd7f981c997197e6c4005f8af429fcba2de7');
INSERT INTO "cascade_entries" VALUES(7,'2026-11-20T14:00:00.000000+00:00','intent','cascade_manual_tip','run-anna','till-1','anna','cascade credit marco 100','{"cause":"event","citizen":"marco","detail":{},"ducats":"100"}','964a5b4b73d139adea566dc88928cd7f981c997197e6c4005f8af429fcba2de7','a3c0c0e6e08c1a48f36664be27cdbc81173ef13d42188b18d1a25ccfcf82ba4e');
INSERT INTO "cascade_entries" VALUES(8,'2026-11-20T14:00:00.000000+00:00','attempt','cascade_manual_tip','run-anna','till-1','anna','cascade credit marco 100','{"action":"create","detail":{}}','a3c0c0e6e08c1a48f36664be27cdbc81173ef13d42188b18d1a25ccfcf82ba4e','1137ab0faa1eafdb541f18b4a2b572d7d479d909126053a993358d39bcbe637f');
INSERT INTO "cascade_entries" VALUES(9,'2026-11-20T14:00:00.000000+00:00','outcome','cascade_manual_tip','run-anna','till-1','anna','cascade credit marco 100','{"action":"create","detail":{"record":"rec1"},"fate":"applied"}','1137ab0faa1eafdb541f18b4a2b572d7d479d909126053a993358d39bcbe637f','6713bbc8ed5c3d1dbf8d1276b5bc3bfbc69cbabc9f6008a878c9f44cafe9f9d0');
INSERT INTO "cascade_entries" VALUES(10,'2026-11-20T14:00:00.000000+00:00','attempt','cascade_manual_tip','run-anna','till-1','anna','cascade credit marco 100','{"action":"activate","detail":{}}','6713bbc8ed5c3d1dbf8d1276b5bc3bfbc69cbabc9f6008a878c9f44cafe9f9d0','4f17e7f23ea5d1c02f68dcddd365691b6cf4fe838ef8ebaf37faaeb76f3f68fd');
INSERT INTO "cascade_entries" VALUES(11,'2026-11-20T14:00:00.000000+00:00','outcome','cascade_manual_tip','run-anna','till-1','anna','cascade credit marco 100','{"action":"activate","detail":{"record":"rec1"},"fate":"applied"}','4f17e7f23ea5d1c02f68dcddd365691b6cf4fe838ef8ebaf37faaeb76f3f68fd','e999f05a6cacd226f6f1699788b8dca32944949a377017eb346be10ab7f83ad6');
INSERT INTO "cascade_entries" VALUES(12,'2026-11-20T14:00:00.000000+00:00','amendment','cascade_manual_tip','run-anna','till-1','anna','cascade credit marco 100','{"amends":{"citizen":"marco","ducats":"100"},"cause":"event","citizen":"lucia","detail":{},"ducats":"100"}','e999f05a6cacd226f6f1699788b8dca32944949a377017eb346be10ab7f83ad6','06aaa74473105763bfa87076921721503aee5c02a62b85b0cdfe1df3ca22aed2');
INSERT INTO "cascade_entries" VALUES(13,'2026-11-20T14:00:00.000000+00:00','run','cascade_refund_re_1','run-anna','till-1','anna','cascade credit marco 100','{"refund":{"debt":"1"}}','06aaa74473105763bfa87076921721503aee5c02a62b85b0cdfe1df3ca22aed2','a5bcfcfd6b191fbd85a49991ea2023761f006321d61703e85fe79e3a014767c8');
INSERT INTO "cascade_entries" VALUES(14,'2026-11-20T14:00:00.000000+00:00','event','pi_1','run-anna','till-1','anna','cascade credit marco 100','{"event":"evt_1","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","type":"charge.succeeded"}','a5bcfcfd6b191fbd85a49991ea2023761f006321d61703e85fe79e3a014767c8','8f0321537ae8b39e9350540fc589bf98a63af452dab2a9f546e786482b4b1a23');
CREATE TABLE cascade_events (
	id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	payment TEXT, 
	created_at TEXT NOT NULL, 
	livemode BOOLEAN NOT NULL, 
	received_at TEXT NOT NULL, 
	state TEXT NOT NULL, 
	next_at TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	note TEXT NOT NULL, 
	seal TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "cascade_events" VALUES('evt_1','charge.succeeded','pi_1','2026-11-20T14:00:00.000000+00:00',0,'2026-11-20T14:00:00.000000+00:00','waiting','2026-11-20T14:00:00.000000+00:00',0,'','8d04d7b01ba8b2fab3cfe8833b6a47bfbe51dc6eb6d96de5201f67ee75f86bd6');
CREATE TABLE cascade_locks (
	name TEXT NOT NULL, 
	run TEXT NOT NULL, 
	host TEXT NOT NULL, 
	birth TEXT NOT NULL, 
	operator TEXT NOT NULL, 
	command TEXT NOT NULL, 
	since TEXT NOT NULL, 
	lease_until TEXT NOT NULL, 
	pid BIGINT NOT NULL, 
	seal TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE cascade_marks (
	name TEXT NOT NULL, 
	body TEXT NOT NULL, 
	seal TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "cascade_marks" VALUES('reconcile appVenice','{"until":"yesterday"}','cf4f79f7cf98f98d838434722ed41b1d13f77247ad3c82a4d6c89559c7c05fb3');
INSERT INTO "cascade_marks" VALUES('refund re_1','{"debt":"1"}','3daac16cb5d3ddaa30499f2888b47ac779c5247a5eb44007032ac57d79997219');
CREATE TABLE cascade_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "cascade_version" VALUES(2);
CREATE INDEX cascade_entries_at ON cascade_entries (at);
CREATE INDEX cascade_entries_key ON cascade_entries ("key", seq);
CREATE INDEX cascade_claims_first_at ON cascade_claims (first_at);
CREATE INDEX cascade_claims_day ON cascade_claims (day, ducats);
CREATE INDEX cascade_events_payment ON cascade_events (payment);
CREATE INDEX cascade_events_due ON cascade_events (state, next_at);
CREATE TRIGGER cascade_entries_no_update BEFORE update ON cascade_entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never changed or removed'); END;
CREATE TRIGGER cascade_entries_no_delete BEFORE delete ON cascade_entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never changed or removed'); END;
COMMIT;
