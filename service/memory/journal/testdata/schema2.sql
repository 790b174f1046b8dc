-- What a program of schema 2 wrote: three users, of whom the last has changed
-- the name and the first is deleted again, and a key.
INSERT INTO ballast VALUES (1,X'');
INSERT INTO changes VALUES (1,1700000000000001,'created',X'00000000000070008000000000000001',1,'[{"field":"email"},{"field":"first_name"},{"field":"last_name"},{"field":"password"},{"field":"is_active"}]','test','r1',-7488438980334202264);
INSERT INTO changes VALUES (2,1700000000000002,'created',X'00000000000070008000000000000002',1,'[{"field":"email","new":"Zoë.2@Example.com"},{"field":"first_name","new":"Zoë"},{"field":"last_name","new":"Washburne"},{"field":"password"},{"field":"is_active","new":"true"}]','test','r1',-9053965010195848405);
INSERT INTO changes VALUES (3,1700000000000003,'created',X'00000000000070008000000000000003',1,'[{"field":"email","new":"Zoë.3@Example.com"},{"field":"first_name","new":"Zoë"},{"field":"last_name","new":"Washburne"},{"field":"password"},{"field":"is_active","new":"false"}]','test','r1',7104377048789309514);
INSERT INTO changes VALUES (4,1700000000000004,'updated',X'00000000000070008000000000000003',2,'[{"field":"last_name","old":"Washburne","new":"Reynolds"}]','test','r1',3895106730974536501);
INSERT INTO changes VALUES (5,1700000000000005,'deleted',X'00000000000070008000000000000001',1,'null','test','r1',-2391251276576760495);
INSERT INTO keys VALUES ('a','users:read admin',X'CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB',1700000000000001,0,0,-3145751562280409291);
INSERT INTO state VALUES (1,'AHUXOAHDHC4MDD7DNSLL4XDX3I',5,2,9200118870423912014,4897319584616927179,0);
INSERT INTO users VALUES (X'00000000000070008000000000000002','Zoë.2@Example.com','Zoë','Washburne',1,1,1700000000000002,1700000000000002,'zoë.2@example.com','zoë','washburne','$argon2id$2',3772731850490365469);
INSERT INTO users VALUES (X'00000000000070008000000000000003','Zoë.3@Example.com','Zoë','Reynolds',0,2,1700000000000003,1700000000000003,'zoë.3@example.com','zoë','reynolds','$argon2id$3',5473576688077764691);
