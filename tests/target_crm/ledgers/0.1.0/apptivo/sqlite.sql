CREATE TABLE fresh_keys (
	object_id INTEGER NOT NULL, 
	attribute TEXT NOT NULL, 
	value TEXT NOT NULL, 
	crm_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (object_id, attribute, value, crm_id), 
	FOREIGN KEY(object_id) REFERENCES objects (id)
)
 WITHOUT ROWID

;
CREATE TABLE held (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	status INTEGER, 
	sent TEXT, 
	message BLOB NOT NULL, 
	schema_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	run_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id), 
	FOREIGN KEY(schema_id) REFERENCES schemas (id)
);
CREATE TABLE history (
	id INTEGER NOT NULL, 
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	action TEXT NOT NULL, 
	crm_id TEXT, 
	fields TEXT NOT NULL, 
	keys TEXT NOT NULL, 
	record TEXT, 
	request_id TEXT, 
	reason TEXT DEFAULT '' NOT NULL, 
	changes TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
);
CREATE TABLE intents (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	action TEXT NOT NULL, 
	crm_id TEXT, 
	payload TEXT NOT NULL, 
	keys TEXT NOT NULL, 
	record_hash BLOB, 
	digest TEXT, 
	sent_at FLOAT NOT NULL, 
	server_at FLOAT NOT NULL, 
	run_id TEXT NOT NULL, 
	links TEXT DEFAULT '[]' NOT NULL, 
	PRIMARY KEY (scope_id, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE ledger_version (
	version INTEGER NOT NULL
);
CREATE TABLE links (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	on_source_id TEXT NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (scope_id, source_id, attribute), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE objects (
	id INTEGER NOT NULL, 
	crm TEXT NOT NULL, 
	account TEXT NOT NULL, 
	object TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (crm, account, object)
);
CREATE TABLE records (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	crm_id TEXT, 
	origin TEXT NOT NULL, 
	record_hash BLOB, 
	digest TEXT, 
	written_at FLOAT NOT NULL, 
	run_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE schemas (
	id TEXT NOT NULL, 
	message BLOB NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE scopes (
	id INTEGER NOT NULL, 
	object_id INTEGER NOT NULL, 
	source_name TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (source_name, stream, object_id), 
	FOREIGN KEY(object_id) REFERENCES objects (id)
);
CREATE TABLE seen (
	scope_id INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, version, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE waits (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	on_source_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, source_id, stream, on_source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE INDEX records_by_crm_id ON records (crm_id);
CREATE INDEX held_by_number ON held (number);
CREATE INDEX waits_by_parent ON waits (stream, on_source_id);
CREATE INDEX links_by_parent ON links (stream, on_source_id);
CREATE INDEX history_by_record ON history (scope_id, source_id);
INSERT INTO "fresh_keys" VALUES(1,'customerName','customer 1','15479001',1.79595624831275963786e+09);
INSERT INTO "fresh_keys" VALUES(1,'customerName','customer grösse 2','15479002',1795956245.99285);
INSERT INTO "fresh_keys" VALUES(1,'customerNumber','cust-000001','15479001',1.79595624831275963786e+09);
INSERT INTO "fresh_keys" VALUES(1,'customerNumber','cust-000002','15479002',1795956245.99285);
INSERT INTO "fresh_keys" VALUES(2,'accountId','15479001','21330001',1.79595624603052139277e+09);
INSERT INTO "fresh_keys" VALUES(2,'emailAddresses','c1@example.org','21330001',1.79595624603052139277e+09);
INSERT INTO "fresh_keys" VALUES(2,'lastName','contact 1','21330001',1.79595624603052139277e+09);
INSERT INTO "fresh_keys" VALUES(3,'emailAddresses','lead1@example.org','31750002',1.79595624722706103323e+09);
INSERT INTO "fresh_keys" VALUES(3,'emailAddresses','lead2@example.org','31750004',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'emailAddresses','lead3@example.org','31750006',1.79595624607505130769e+09);
INSERT INTO "fresh_keys" VALUES(3,'emailAddresses','lead4@example.org','31750003',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'emailAddresses','leadleaver@example.org','31750005',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'emailAddresses','leadmatched@example.org','31750001',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'lastName','lead 1','31750002',1.79595624722706103323e+09);
INSERT INTO "fresh_keys" VALUES(3,'lastName','lead 2','31750004',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'lastName','lead 3','31750006',1.79595624607505130769e+09);
INSERT INTO "fresh_keys" VALUES(3,'lastName','lead 4','31750003',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'lastName','lead leaver','31750005',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(3,'lastName','lead matched','31750001',1.79595624606993198397e+09);
INSERT INTO "fresh_keys" VALUES(4,'opportunityName','deal 1','41900001',1.79595624610434389115e+09);
INSERT INTO "held" VALUES(2,'waiting',1,'waiting','missing_reference','accountId: the record of stream customers is not in the CRM yet',NULL,NULL,X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A202277616974696E67222C20226C6173745F6E616D65223A2022436F6E746163742077616974696E67222C2022656D61696C223A20226377616974696E67406578616D706C652E6F7267222C2022637573746F6D6572223A20226C617465227D7D','5771f5a6dca2318eb642ae7be273de6f',1.79595624600178074836e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "held" VALUES(3,'3',3,'deleting','delete','',NULL,'{"object":"leads","crm_id":31750006,"scope_id":3}',X'7B2274797065223A20225245434F5244222C202273747265616D223A20226C65616473222C20227265636F7264223A207B226964223A20332C20226C6173745F6E616D65223A20224C6561642033222C2022656D61696C223A20226C65616433406578616D706C652E6F7267222C20225F7364635F64656C657465645F6174223A2022323032362D30312D30315430303A30303A30305A227D7D','70b6ca74ae6bb8e4ed137ab919e3db00',1.79595624928916454314e+09,'530daadcea88433ba3f50bad13f207d3');
INSERT INTO "held" VALUES(3,'4',4,'deleting','delete','',NULL,'{"object":"leads","crm_id":31750003,"scope_id":3}',X'7B2274797065223A20225245434F5244222C202273747265616D223A20226C65616473222C20227265636F7264223A207B226964223A20342C20226C6173745F6E616D65223A20224C6561642034222C2022656D61696C223A20226C65616434406578616D706C652E6F7267222C20225F7364635F64656C657465645F6174223A2022323032362D30312D30315430303A30303A30305A227D7D','70b6ca74ae6bb8e4ed137ab919e3db00',1.79595624930569243427e+09,'530daadcea88433ba3f50bad13f207d3');
INSERT INTO "held" VALUES(3,'refused',2,'rejected','refused','Invalid value for accountId: 999999',200,'{"crm_id":null,"payload":{"lastName":"Lead refused","accountId":999999,"emailAddresses":[{"emailAddress":"leadrefused@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]},"answer":"{\"status\":\"FAILURE\",\"reason\":\"Invalid value for accountId: 999999\"}"}',X'7B2274797065223A20225245434F5244222C202273747265616D223A20226C65616473222C20227265636F7264223A207B226964223A202272656675736564222C20226C6173745F6E616D65223A20224C6561642072656675736564222C2022656D61696C223A20226C65616472656675736564406578616D706C652E6F7267222C20226163636F756E745F6964223A203939393939397D7D','70b6ca74ae6bb8e4ed137ab919e3db00',1.79595624607967829702e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "history" VALUES(1,1,'1','719085b4ebff44b09d65b2532ee93dca',1.79595624598738336568e+09,'created','15479001','["customerName","addresses"]','["1675316bb7aaf468","cad1fbc5722e738a"]',NULL,NULL,'','[["customerName",null,"Customer 1"],["addresses",null,{"city":"Ulm"}]]');
INSERT INTO "history" VALUES(2,1,'Größe 2','719085b4ebff44b09d65b2532ee93dca',1795956245.99285,'created','15479002','["customerName","addresses"]','["265659c3c9401062","99262891f7b8917b"]',NULL,NULL,'','[["customerName",null,"Customer Größe 2"],["addresses",null,{"city":"Ulm"}]]');
INSERT INTO "history" VALUES(3,2,'waiting','719085b4ebff44b09d65b2532ee93dca',1.79595624600178074836e+09,'waiting',NULL,'[]','[]',NULL,NULL,'missing_reference: accountId: the record of stream customers is not in the CRM yet',NULL);
INSERT INTO "history" VALUES(4,2,'1','719085b4ebff44b09d65b2532ee93dca',1.79595624603052139277e+09,'created','21330001','["lastName","emailAddresses","accountId"]','["2b70a9284887df97","4af7e891a726b1d1","d0fc2aefa448442e"]',NULL,NULL,'','[["lastName",null,"Contact 1"],["emailAddresses",null,[{"emailAddress":"c1@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]],["accountId",null,15479001]]');
INSERT INTO "history" VALUES(5,3,'matched','719085b4ebff44b09d65b2532ee93dca',1.79595624606993198397e+09,'updated','31750001','["jobTitle"]','["82bbfe77fa5ce99b","d3ee922644a2ad46"]',NULL,NULL,'matched by emailAddresses','[["jobTitle",null,"Director"]]');
INSERT INTO "history" VALUES(6,3,'1','719085b4ebff44b09d65b2532ee93dca',1.79595624606993198397e+09,'created','31750002','["lastName","emailAddresses"]','["7c699d2a9443ea41","e9e04c06f5d3827a"]',NULL,NULL,'','[["lastName",null,"Lead 1"],["emailAddresses",null,[{"emailAddress":"lead1@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO "history" VALUES(7,3,'4','719085b4ebff44b09d65b2532ee93dca',1.79595624606993198397e+09,'created','31750003','["lastName","emailAddresses"]','["08783a743a132004","71ee2209908d1118"]',NULL,NULL,'','[["lastName",null,"Lead 4"],["emailAddresses",null,[{"emailAddress":"lead4@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO "history" VALUES(8,3,'2','719085b4ebff44b09d65b2532ee93dca',1.79595624606993198397e+09,'created','31750004','["lastName","emailAddresses"]','["792cb221bcc205ff","e782d774e4948e1c"]',NULL,NULL,'','[["lastName",null,"Lead 2"],["emailAddresses",null,[{"emailAddress":"lead2@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO "history" VALUES(9,3,'leaver','719085b4ebff44b09d65b2532ee93dca',1.79595624606993198397e+09,'created','31750005','["lastName","emailAddresses"]','["73b25e1268538cd2","f1fb048bc721fbbb"]',NULL,NULL,'','[["lastName",null,"Lead leaver"],["emailAddresses",null,[{"emailAddress":"leadleaver@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO "history" VALUES(10,3,'3','719085b4ebff44b09d65b2532ee93dca',1.79595624607505130769e+09,'created','31750006','["lastName","emailAddresses"]','["72a0d41ede026003","cf49e9b7b3c97c51"]',NULL,NULL,'','[["lastName",null,"Lead 3"],["emailAddresses",null,[{"emailAddress":"lead3@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]]]');
INSERT INTO "history" VALUES(11,3,'refused','719085b4ebff44b09d65b2532ee93dca',1.79595624607967829702e+09,'rejected',NULL,'[]','[]',NULL,NULL,'refused: Invalid value for accountId: 999999',NULL);
INSERT INTO "history" VALUES(12,4,'1','719085b4ebff44b09d65b2532ee93dca',1.79595624610434389115e+09,'created','41900001','["opportunityName","salesStageId","closeDate"]','["556bbd3c0b6c479a"]',NULL,NULL,'','[["opportunityName",null,"Deal 1"],["salesStageId",null,68003],["closeDate",null,"2026-05-31"]]');
INSERT INTO "history" VALUES(13,3,'1','978b9eea20c34813b502d9470d4a688e',1.79595624722706103323e+09,'updated','31750002','["jobTitle"]','["7c699d2a9443ea41","e9e04c06f5d3827a"]',NULL,NULL,'',NULL);
INSERT INTO "history" VALUES(14,3,'leaver','978b9eea20c34813b502d9470d4a688e',1.79595624726473188396e+09,'deleting','31750005','[]','[]','{"id":31750005,"leadId":31750005,"accountId":null,"accountName":null,"addresses":null,"annualRevenue":null,"assigneeObjectId":null,"assigneeObjectRefId":null,"assigneeObjectRefName":null,"campaignId":null,"campaignName":null,"companyName":null,"currencyCode":null,"customAttributes":[],"description":null,"easyWayToContact":null,"emailAddresses":[{"id":"cont_email_input","emailAddress":"leadleaver@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}],"estimatedCloseDate":null,"estimatedRevenue":null,"externalRefId":null,"firstName":null,"fullName":"Lead leaver","industry":null,"industryName":null,"jobTitle":null,"labels":[],"lastName":"Lead leaver","leadNumber":null,"leadRank":null,"leadRankMeaning":null,"leadSource":null,"leadSourceMeaning":null,"leadStatus":"NEW","leadStatusMeaning":"New","leadTypeId":null,"leadTypeName":null,"marketId":null,"marketName":null,"numberOfEmployees":null,"phoneNumbers":[],"potentialAmount":null,"referredById":null,"referredByName":null,"skypeName":null,"territoryId":null,"territoryName":null,"title":null,"wayToContact":null,"website":null,"firmId":15479,"version":0,"objectStatus":"0","isActive":"Y","createdBy":18001,"createdByName":"Ada Lovelace","creationDate":"Nov 29, 2026 12:44:06 PM","lastUpdatedBy":18001,"lastUpdatedByName":"Ada Lovelace","lastUpdateDate":"Nov 29, 2026 12:44:06 PM","shippingAddress":null}',NULL,'deleted at the source',NULL);
INSERT INTO "history" VALUES(15,3,'leaver','978b9eea20c34813b502d9470d4a688e',1.79595624727729773519e+09,'deleted','31750005','[]','[]',NULL,NULL,'deleted at the source',NULL);
INSERT INTO "history" VALUES(16,5,'1','1d578b0b00934e1fb236be1c747329f5',1.79595624831275963786e+09,'matched','15479001','[]','["1675316bb7aaf468","cad1fbc5722e738a"]',NULL,NULL,'matched by customerName',NULL);
INSERT INTO "intents" VALUES(1,'1','update','15479001','{"addresses":{"addressLine1":null,"addressLine2":null,"city":"Bonn","state":null,"zipCode":null,"countryName":null}}','{"customerName":["customer 1"]}',X'8AA011532A979421631A821767463835','53127ab6446a01d96783a105c0414b73',1.79595625321158480639e+09,1795956253.0,'6d2c36bb0dbc42c58dd29e721ac17486','[]');
INSERT INTO "intents" VALUES(2,'2','create',NULL,'{"lastName":"Contact 2","emailAddresses":[{"emailAddress":"c2@example.org","emailType":"Business","emailTypeCode":"BUSINESS"}]}','{"emailAddresses":["c2@example.org"]}',X'A50D4C2917ECE319F6B9AC17F2FABA82','2d781e7ee15cefe578c4057cb17e0834',1.7959562502257397175e+09,1795956250.0,'347bb59d24604e26b2876044ae5e0928','[]');
INSERT INTO "intents" VALUES(4,'2','create',NULL,'{"opportunityName":"Deal 2","salesStageId":68003,"closeDate":"05/31/2026","{parameters}":{"is_duplicate":"N"}}','{"opportunityName":["deal 2"]}',X'76B05C3097DBA15E570EE3B703B0F9F7','6aa971000481bf52fc8601ca21c8f7cd',1.79595625134318137173e+09,1795956251.0,'8b1168545f6248329bf98833960e0922','[]');
INSERT INTO "ledger_version" VALUES(2);
INSERT INTO "links" VALUES(4,'1','opportunityCustomerId','customers','late','',1.79595624610434389115e+09);
INSERT INTO "objects" VALUES(1,'apptivo','15479','customers');
INSERT INTO "objects" VALUES(2,'apptivo','15479','contacts');
INSERT INTO "objects" VALUES(3,'apptivo','15479','leads');
INSERT INTO "objects" VALUES(4,'apptivo','15479','opportunities');
INSERT INTO "records" VALUES(1,'1','15479001','created',X'D3D77061FCB859CEB04BD5734FB109DD','2e6a45b49067dc5eca1903a97fb6aad8',1.79595624598738336568e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(1,'Größe 2','15479002','created',X'D3E0806E02034F6DC3CE2A202B46BDE1','a905d31d3d660ac99a32d9bc184fd956',1795956245.99285,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(2,'1','21330001','created',X'9E77D2A69B627CB6FE25380E3DF3E9AC','a71bcbae323e21f25de51ec854e6d2e5',1.79595624603052139277e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(3,'1','31750002','created',X'D49364A1E3396D92B3F978C2B12FCE64','bbc4da7b051f20353448f6e67ada3f3c',1.79595624722706103323e+09,'978b9eea20c34813b502d9470d4a688e');
INSERT INTO "records" VALUES(3,'2','31750004','created',X'91E1EA22F75442CBE5F8C4799058DAE9','03f5f790e5ee5e0f4d9ed8bf46ebd2cc',1.79595624606993198397e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(3,'3','31750006','created',X'659795220B23372AA52B2F60270E5F6A','dbebd3cb050a2f37744b8f17d2486f22',1.79595624607505130769e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(3,'4','31750003','created',X'7DA5AD04B195739E0F93A64A42E698B0','47abe05c52be6079aab0338621c698a3',1.79595624606993198397e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(3,'leaver',NULL,'created',NULL,NULL,1.79595624727572202678e+09,'978b9eea20c34813b502d9470d4a688e');
INSERT INTO "records" VALUES(3,'matched','31750001','matched',X'A95F58A20EC3A03E52AC6F86B1F4A58E','3cfd131c6a67da094c5f162e63b51531',1.79595624606993198397e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(4,'1','41900001','created',X'F86FD319CFED3458EBAC983E3F114968','53ef13c9c581b82e27989ee014278546',1.79595624610434389115e+09,'719085b4ebff44b09d65b2532ee93dca');
INSERT INTO "records" VALUES(5,'1','15479001','matched',X'D3D77061FCB859CEB04BD5734FB109DD','2e6a45b49067dc5eca1903a97fb6aad8',1.79595624831275963786e+09,'1d578b0b00934e1fb236be1c747329f5');
INSERT INTO "schemas" VALUES('70b6ca74ae6bb8e4ed137ab919e3db00',X'7B2274797065223A2022534348454D41222C202273747265616D223A20226C65616473222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226C6173745F6E616D65223A207B7D2C2022656D61696C223A207B7D2C20226A6F625F7469746C65223A207B7D2C20226163636F756E745F6964223A207B7D2C20225F7364635F64656C657465645F6174223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "schemas" VALUES('5771f5a6dca2318eb642ae7be273de6f',X'7B2274797065223A2022534348454D41222C202273747265616D223A2022636F6E7461637473222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226C6173745F6E616D65223A207B7D2C2022656D61696C223A207B7D2C2022637573746F6D6572223A207B7D2C20226A6F625F7469746C65223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "scopes" VALUES(1,1,'default','customers');
INSERT INTO "scopes" VALUES(2,2,'default','contacts');
INSERT INTO "scopes" VALUES(3,3,'default','leads');
INSERT INTO "scopes" VALUES(4,4,'default','opportunities');
INSERT INTO "scopes" VALUES(5,1,'other','customers');
INSERT INTO "waits" VALUES(2,'waiting','customers','late');
