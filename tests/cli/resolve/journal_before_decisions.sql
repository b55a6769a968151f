BEGIN TRANSACTION;
CREATE TABLE cascade_bases (
	base_id TEXT NOT NULL, 
	livemode BOOLEAN NOT NULL, 
	since TEXT NOT NULL, 
	PRIMARY KEY (base_id)
);
INSERT INTO "cascade_bases" VALUES('appSandboxVenice01',0,'2026-11-20T15:00:00.652025+00:00');
CREATE TABLE cascade_chain (
	id INTEGER NOT NULL, 
	head TEXT NOT NULL, 
	length INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "cascade_chain" VALUES(1,'ce94301837c3c2bd80cde5417076d75a34e9588ed1c20e9c66d6f194bcfd9761',15);
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
	PRIMARY KEY ("key"), 
	UNIQUE (intent_seq)
);
INSERT INTO "cascade_claims" VALUES('cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','marco','100','payment','2026-11-20T15:00:00.654157+00:00','2026-11-20',2,'','','','','','','',0,'notify','2026-11-20T15:00:00.679560+00:00','f335a393caca0da1','applied');
INSERT INTO "cascade_claims" VALUES('cascade_manual_made-good','marco','100','manual','2026-11-20T15:00:00.746138+00:00','2026-11-20',9,'','','','','','','',0,'notify','2026-11-20T15:00:00.772134+00:00','db43203ad49ac1be','applied');
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
INSERT INTO "cascade_entries" VALUES(1,'2026-11-20T15:00:00.652025+00:00','run','','f335a393caca0da1','rialto','anna','credit','{"base":"appSandboxVenice01","livemode":false}','0000000000000000000000000000000000000000000000000000000000000000','d464cc7674f801404674b6881d9d7d2034c3c53d354b9fcb76068ac3b09da280');
INSERT INTO "cascade_entries" VALUES(2,'2026-11-20T15:00:00.654157+00:00','intent','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"cause":"payment","citizen":"marco","detail":{"amount_cents":1000,"charge":"ch_3aRfzhDG8UpHLrcKRJRbabW8","currency":"usd","exchange_rate":"0.1","livemode":false,"operator":"anna","payment_intent":"pi_3VX12qsu09ymimZ4oAFjeRYj","reason":"gift"},"ducats":"100"}','d464cc7674f801404674b6881d9d7d2034c3c53d354b9fcb76068ac3b09da280','441ec586263de6f6a4284f01264f330ae11a0ca0a972e0acbca2b507f036802c');
INSERT INTO "cascade_entries" VALUES(3,'2026-11-20T15:00:00.660512+00:00','attempt','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"action":"create","detail":{}}','441ec586263de6f6a4284f01264f330ae11a0ca0a972e0acbca2b507f036802c','ea65a1807d68d1b0129b4c0f45cb34842ac96350f4657f4b3f092d85a5df43bb');
INSERT INTO "cascade_entries" VALUES(4,'2026-11-20T15:00:00.665693+00:00','outcome','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"action":"create","detail":{"record":"recPAYhfNRVmWOU12"},"fate":"applied"}','ea65a1807d68d1b0129b4c0f45cb34842ac96350f4657f4b3f092d85a5df43bb','6496ccf7fc8cc1383bfc3d81490816345720684b720d191a263b534fd67583e8');
INSERT INTO "cascade_entries" VALUES(5,'2026-11-20T15:00:00.668435+00:00','attempt','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"action":"activate","detail":{}}','6496ccf7fc8cc1383bfc3d81490816345720684b720d191a263b534fd67583e8','103d62192e45ea55030b067efd44c9b83a21bb9de588ca4f89d15a5b174194b2');
INSERT INTO "cascade_entries" VALUES(6,'2026-11-20T15:00:00.674828+00:00','outcome','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"action":"activate","detail":{"record":"recPAYhfNRVmWOU12"},"fate":"applied"}','103d62192e45ea55030b067efd44c9b83a21bb9de588ca4f89d15a5b174194b2','f8c7653accc45613a2fbce284d5fe3c2e7f8d4589242df072e0d84a89f2b1df5');
INSERT INTO "cascade_entries" VALUES(7,'2026-11-20T15:00:00.679560+00:00','attempt','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"action":"notify","detail":{}}','f8c7653accc45613a2fbce284d5fe3c2e7f8d4589242df072e0d84a89f2b1df5','b3f4a1619dccf53db809eb5bb1decb97b57b1d3c54915f85611ef1a693edd965');
INSERT INTO "cascade_entries" VALUES(8,'2026-11-20T15:00:00.682562+00:00','outcome','cascade_payment_pi_3VX12qsu09ymimZ4oAFjeRYj','f335a393caca0da1','rialto','anna','credit','{"action":"notify","detail":{},"fate":"applied"}','b3f4a1619dccf53db809eb5bb1decb97b57b1d3c54915f85611ef1a693edd965','672c52680f7ceb97b918cac0653f27f8c2749898096418d1df8ebd4bfae132db');
INSERT INTO "cascade_entries" VALUES(9,'2026-11-20T15:00:00.746138+00:00','intent','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"cause":"manual","citizen":"marco","detail":{"livemode":false,"operator":"anna","reason":"gift","reference":"made-good"},"ducats":"100"}','672c52680f7ceb97b918cac0653f27f8c2749898096418d1df8ebd4bfae132db','ba385a497f7fc8fd245f5256fd070fcb87ad79a86382b418708dd119ef3bce23');
INSERT INTO "cascade_entries" VALUES(10,'2026-11-20T15:00:00.755682+00:00','attempt','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"action":"create","detail":{}}','ba385a497f7fc8fd245f5256fd070fcb87ad79a86382b418708dd119ef3bce23','273274f07ad77ee2981e90a04154e82bb66dd3b5009ac45ca9b9a0e1db10786f');
INSERT INTO "cascade_entries" VALUES(11,'2026-11-20T15:00:00.760109+00:00','outcome','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"action":"create","detail":{"record":"recSGXx0mosjoWYQ3"},"fate":"applied"}','273274f07ad77ee2981e90a04154e82bb66dd3b5009ac45ca9b9a0e1db10786f','dcabe8e7564af17c744bd1d80ac978297f4f464b5e24c5d0dccfd32486c220cb');
INSERT INTO "cascade_entries" VALUES(12,'2026-11-20T15:00:00.763413+00:00','attempt','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"action":"activate","detail":{}}','dcabe8e7564af17c744bd1d80ac978297f4f464b5e24c5d0dccfd32486c220cb','0a69a6f547ce7b1761c3c96b29341f5487d10f76040b7f989b6a43cf88260da0');
INSERT INTO "cascade_entries" VALUES(13,'2026-11-20T15:00:00.768564+00:00','outcome','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"action":"activate","detail":{"record":"recSGXx0mosjoWYQ3"},"fate":"applied"}','0a69a6f547ce7b1761c3c96b29341f5487d10f76040b7f989b6a43cf88260da0','e0175bdbcbf4a0e98fa8ce500d9a6dc18f84574d2b7501761c4e65dbfad179f8');
INSERT INTO "cascade_entries" VALUES(14,'2026-11-20T15:00:00.772134+00:00','attempt','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"action":"notify","detail":{}}','e0175bdbcbf4a0e98fa8ce500d9a6dc18f84574d2b7501761c4e65dbfad179f8','c61d5fbf22ed7576a5646f638d52ff95496424114c7313fc97fd2a2ae953135a');
INSERT INTO "cascade_entries" VALUES(15,'2026-11-20T15:00:00.775452+00:00','outcome','cascade_manual_made-good','db43203ad49ac1be','rialto','anna','credit','{"action":"notify","detail":{},"fate":"applied"}','c61d5fbf22ed7576a5646f638d52ff95496424114c7313fc97fd2a2ae953135a','ce94301837c3c2bd80cde5417076d75a34e9588ed1c20e9c66d6f194bcfd9761');
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
	PRIMARY KEY (name)
);
CREATE TABLE cascade_marks (
	name TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "cascade_marks" VALUES('reconcile appSandboxVenice01','{"charges_a_day":0,"covered_since":"2026-11-13T15:00:00.832136+00:00","ends":["2026-11-20T15:00:00.832136+00:00"],"leads":[["ch_3454srHogeag6JlOmvBGRlaX","2026-11-20T10:00:00+00:00",["recKiiwQpfIasqVa2"]]],"loose":{},"open":{"pi_3WJe2m6JTbZ8NfG6glC1DyN0":"wrong_citizen"},"open_since":"2026-11-20T10:00:00+00:00","until":"2026-11-20T15:00:00.832136+00:00"}');
CREATE TABLE cascade_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "cascade_version" VALUES(1);
CREATE INDEX cascade_entries_at ON cascade_entries (at);
CREATE INDEX cascade_entries_key ON cascade_entries ("key", seq);
CREATE INDEX cascade_claims_first_at ON cascade_claims (first_at);
CREATE INDEX cascade_claims_day ON cascade_claims (day, ducats);
CREATE TRIGGER cascade_entries_no_update BEFORE update ON cascade_entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never changed or removed'); END;
CREATE TRIGGER cascade_entries_no_delete BEFORE delete ON cascade_entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never changed or removed'); END;
COMMIT;
