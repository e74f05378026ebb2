// Says where the point seen here lies when its mesh has another shape: place in the picture, distance.
in vec4 there;
out vec4 pixel;

void main() {
    pixel = vec4(there.xy / there.w, there.w, 1);
}
